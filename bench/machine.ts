import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ROOT } from './root.js'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  /** Of the directory in which runs are made; null where the system does not tell. */
  readonly fileSystem: string | null
  readonly os: string
  readonly node: string
  readonly v8: string
  /** Runnable processes over the last minute: above the number of cores, figures are those of a busy machine. */
  readonly loadAverage: number
}

export function describeMachine(): Machine {
  const cpus = os.cpus()
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    fileSystem: fileSystemOf(process.env.OFFSTEP_BENCH_DIR ?? os.tmpdir()),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    loadAverage: os.loadavg()[0]!,
  }
}

/** The kind of the mount that holds `directory`: `ext4`, `tmpfs`. Read from Linux. */
function fileSystemOf(directory: string): string | null {
  try {
    const place = `${fs.realpathSync(directory)}/`
    const mounts = fs.readFileSync('/proc/self/mounts', 'utf8').trim().split('\n')
    const holding = mounts
      .map((line) => line.split(' ') as [string, string, string])
      .filter(([, at]) => place.startsWith(at === '/' ? at : `${at}/`))
      // The last of the longest: a mount hides what is below it.
      .reduce((best, mount) => (mount[1].length >= best[1].length ? mount : best), ['', '', ''])
    return holding[2] || null
  } catch {
    return null
  }
}

/** What was measured. */
export interface Code {
  /** Null outside a git repository. */
  readonly commit: string | null
  /** Whether what the figures depend on differs from the commit. */
  readonly modified: boolean
}

const MEASURED = ['src', 'workers', 'bench', 'package.json', 'package-lock.json', ':!bench/results']

export function describeCode(): Code {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    // A package that lies in somebody else's repository is not that repository's commit.
    if (fs.realpathSync(git('rev-parse', '--show-toplevel')) !== path.resolve(fs.realpathSync(ROOT))) {
      return { commit: null, modified: false }
    }
    return {
      commit: git('rev-parse', 'HEAD'),
      modified: git('status', '--porcelain', '--', ...MEASURED) !== '',
    }
  } catch {
    return { commit: null, modified: false }
  }
}
