import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { bootId } from './boot-id.js'

/** Names one process among all that ever were, as far as the system allows. Plain JSON. */
export interface ProcessIdentity {
  readonly pid: number
  /** When the process started, as the system counts it: tells a reused pid from the process that had it. */
  readonly started: string | null
  readonly boot: string | null
  /** Pids mean something within one namespace only: each container has its own. */
  readonly namespace: string | null
  readonly machine: string | null
  readonly host: string
}

/**
 * - `alive`, `dead`: certain
 * - `elsewhere`: of another machine or container, whose processes cannot be seen from here
 */
export type ProcessState = 'alive' | 'dead' | 'elsewhere'

let own: ProcessIdentity | undefined

export function thisProcess(): ProcessIdentity {
  own ??= {
    pid: process.pid,
    started: readProcess(process.pid)?.started ?? null,
    boot: bootId(),
    namespace: quietly(() => fs.readlinkSync('/proc/self/ns/pid')),
    machine: quietly(() => fs.readFileSync('/etc/machine-id', 'utf8').trim() || null),
    host: os.hostname(),
  }
  return own
}

export function stateOf(process: ProcessIdentity): ProcessState {
  const here = thisProcess()
  if (process.boot !== here.boot) {
    // The same machine after a restart: nothing of before lives. A container has no machine id of its own.
    const sameMachine = process.machine !== null && process.machine === here.machine
    return sameMachine && process.host === here.host ? 'dead' : 'elsewhere'
  }
  if (here.boot === null && process.host !== here.host) return 'elsewhere'
  if (process.namespace !== here.namespace) return 'elsewhere'
  const found = readProcess(process.pid)
  if (found === null || found.zombie) return 'dead'
  return found.started === process.started ? 'alive' : 'dead'
}

/** Null where there is no such process. `started` is null where the system does not tell. */
function readProcess(pid: number): { started: string | null; zombie: boolean } | null {
  if (process.platform === 'linux') {
    const stat = quietly(() => fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
    if (stat !== null) {
      // Fields 3 (state) and 22 (start, in clock ticks since boot) of proc(5); the name in field 2 may hold anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return { started: fields[19] ?? null, zombie: fields[0] === 'Z' || fields[0] === 'X' }
    }
  }
  if (!exists(pid)) return null
  if (process.platform === 'linux' || process.platform === 'win32') return { started: null, zombie: false }
  const started = quietly(() =>
    execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 1000 }).trim(),
  )
  return { started, zombie: false }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** What one system tells and another does not. */
function quietly<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}
