/**
 * The names in a directory of checkpoints:
 *
 *     step_<n>                       a checkpoint, complete
 *     .step_<n>.<writer>.tmp         one that is being written
 *     .step_<n>.<writer>.old         one that is being replaced by another of the same step; it counts until that is there
 *     .step_<n>.<writer>.gone        one that is being deleted
 *     latest, best                   links to a checkpoint, or files with its name in them
 *     index.json                     the registry: what is in the checkpoint.json of each
 *     superseded/                    what a run has set aside that went back to an earlier step
 *
 * `<writer>` names the process: pid, its start, where it runs, and a random number. So a later process can tell what a
 * dead one has left from what a living one still writes.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { stateOf, thisProcess } from '../store/process-identity.js'

export const CHECKPOINTS = 'checkpoints'
export const SUPERSEDED = 'superseded'

/** A name of a directory that is not, or no longer, a checkpoint. */
export type LeftoverKind = 'tmp' | 'old' | 'gone'

export interface Leftover {
  readonly name: string
  readonly step: number
  readonly kind: LeftoverKind
  readonly writer: string
}

const STEP = /^step_(0|[1-9]\d*)$/
const SET_ASIDE = /^step_(0|[1-9]\d*)(?:\.\d+)?$/
const LEFTOVER = /^\.step_(\d+)\.(\d+-[0-9a-f]+-[0-9a-f]{8}-[0-9a-f]{8})\.(tmp|old|gone)$/
/** A writer that cannot be asked is given up when nothing of what it writes has changed for so long. */
const SILENT_MS = 600_000

export const stepName = (step: number): string => `step_${step}`

/** Null where the name is none of a checkpoint. */
export const stepOf = (name: string): number | null => safeStep(STEP.exec(name)?.[1])
export const stepSetAside = (name: string): number | null => safeStep(SET_ASIDE.exec(name)?.[1])

function safeStep(digits: string | undefined): number | null {
  return digits !== undefined && Number.isSafeInteger(Number(digits)) ? Number(digits) : null
}

/** Nobody else's. */
export function leftoverName(step: number, kind: LeftoverKind): string {
  const { pid, started } = thisProcess()
  const start = Buffer.from(started ?? '?').toString('hex')
  return `.step_${step}.${pid}-${start}-${here()}-${randomBytes(4).toString('hex')}.${kind}`
}

export function parseLeftover(name: string): Leftover | null {
  const [, digits, writer, kind] = LEFTOVER.exec(name) ?? []
  const step = safeStep(digits)
  return step === null ? null : { name, step, kind: kind as LeftoverKind, writer: writer! }
}

/** Whether its writer is gone. `inProgress`: names that this thread is at work on. */
export function isAbandoned(
  directory: string,
  { name, writer }: Leftover,
  inProgress: ReadonlySet<string>,
): boolean {
  const [pid = '', start = '', place] = writer.split('-')
  if (place === here()) {
    const started = Buffer.from(start, 'hex').toString()
    const process = { ...thisProcess(), pid: Number(pid), started: started === '?' ? null : started }
    if (stateOf(process) === 'dead') return true
    if (process.pid !== thisProcess().pid || inProgress.has(name)) return false
    // A thread of this process, which may live or have ended.
  }
  return lastChange(join(directory, name)) < Date.now() - SILENT_MS
}

/** Where pids mean the same processes: this boot of this machine, and this container. */
function here(): string {
  const { boot, namespace, machine, host } = thisProcess()
  return createHash('sha256')
    .update(JSON.stringify([boot, namespace, machine, host]))
    .digest('hex')
    .slice(0, 8)
}

/** Of the directory and all that is in it, milliseconds since the epoch. */
function lastChange(directory: string): number {
  const paths = [
    directory,
    ...readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name))),
  ]
  return Math.max(...paths.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0))
}
