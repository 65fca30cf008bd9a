import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { GitInfo } from '../../store/run-context.js'
import { redactUrls } from './redact.js'
import { runCommand } from './run-command.js'

export interface GitHead {
  /** Full hash; null before the first commit. */
  readonly commit: string | null
  /** Null when HEAD is detached. */
  readonly branch: string | null
}

const HASH = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/
// These point git at another repository than that of the working directory (set within git hooks).
const REDIRECTING = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_COMMON_DIR', 'GIT_OBJECT_DIRECTORY']

/**
 * Commit and branch of the repository that holds `cwd`, read from its files (gitrepository-layout(5)): no
 * process is started, which takes it under 2 ms. Null outside a repository. Never throws.
 */
export function readGit(cwd: string): GitHead | null {
  try {
    const gitDir = findGitDir(resolve(cwd))
    return gitDir === null ? null : readHead(gitDir)
  } catch {
    return null
  }
}

/** Adds what only git itself can tell, each null where git is missing, fails or takes too long. Never rejects. */
export async function describeGit(
  cwd: string,
  options: { env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<GitInfo | null> {
  const head = readGit(cwd)
  if (head === null) return null
  const { timeoutMs = 3000 } = options
  const env: NodeJS.ProcessEnv = { ...(options.env ?? process.env), GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' }
  for (const name of REDIRECTING) delete env[name]
  // core.fsmonitor names a program to run: a repository must not have that done by a tracker.
  const git = (args: string[], maxBytes: number) =>
    runCommand('git', ['-c', 'core.fsmonitor=false', ...args], { cwd, env, timeoutMs, maxBytes })
  const [status, remotes] = await Promise.all([
    // One changed file is enough to know, so more output than that ends git early.
    git(['status', '--porcelain', '--untracked-files=no'], 1024),
    git(['config', '--get-regexp', '^remote\\..*\\.url$'], 65_536),
  ])
  const dirty = status.tooLong ? true : status.ok ? status.stdout !== '' : null
  return { ...head, dirty, remote: remotes.ok ? remoteUrl(remotes.stdout) : null }
}

function findGitDir(start: string): string | null {
  for (let dir = start; ; dir = dirname(dir)) {
    const path = join(dir, '.git')
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory()) return path
    if (found?.isFile()) {
      // A worktree or submodule: the file names the real directory.
      const target = /^gitdir: (.+?)\r?\n?$/.exec(readFileSync(path, 'utf8'))?.[1]
      return target === undefined ? null : resolve(dir, target)
    }
    if (dirname(dir) === dir) return null
  }
}

function readHead(gitDir: string): GitHead {
  const common = readOptional(join(gitDir, 'commondir'))?.trim()
  const places = common === undefined ? [gitDir] : [gitDir, resolve(gitDir, common)]
  let value = readFileSync(join(gitDir, 'HEAD'), 'utf8').trim()
  let branch: string | null = null
  // A reference may name another one; git follows five.
  for (let links = 0; links <= 5; links++) {
    if (HASH.test(value)) return { commit: value, branch }
    const ref = /^ref: (refs\/.+)$/.exec(value)?.[1]
    if (ref === undefined || ref.includes('..')) break
    if (links === 0) branch = ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : null
    const next = readRef(places, ref)
    if (next === null) break
    value = next
  }
  return { commit: null, branch }
}

function readRef(places: readonly string[], ref: string): string | null {
  for (const place of places) {
    const text = readOptional(join(place, ref))
    if (text !== null) return text.trim()
  }
  const packed = readOptional(join(places.at(-1)!, 'packed-refs')) ?? ''
  const end = packed.indexOf(` ${ref}\n`)
  return end === -1 ? null : packed.slice(packed.lastIndexOf('\n', end) + 1, end)
}

function readOptional(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function remoteUrl(config: string): string | null {
  const urls = config.split('\n').map((line) => /^remote\.(.*)\.url (.+)$/.exec(line))
  const url = (urls.find((match) => match?.[1] === 'origin') ?? urls.find((match) => match !== null))?.[2]
  return url === undefined ? null : redactUrls(url)
}
