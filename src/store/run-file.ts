import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ResolvedSink } from '../options/options.js'
import type { RunStatus } from '../sinks/sink.js'
import { writeFileAtomic } from './atomic-file.js'
import type { CommandInfo, GitInfo, HardwareInfo, JsonObject, SoftwareInfo } from './run-context.js'

export const RUN_FILE_NAME = 'run.json'
/** Raised when a reader of the old version could misread a new file; new fields alone do not raise it. */
export const RUN_FILE_FORMAT = 1

const STATUSES: readonly string[] = [
  'running',
  'completed',
  'failed',
  'killed',
  'crashed',
] satisfies readonly RunStatus[]

/** One time that a run went on, and what is known of the process before. */
export interface RunResume {
  /** ISO 8601, UTC. */
  readonly time: string
  /** Rows with a later step, or all, were superseded; null where none were. */
  readonly rewoundTo: number | 'start' | null
  readonly previous: Partial<Pick<RunFile, 'status' | 'endTime' | 'exitCode' | 'error' | 'git' | 'command'>>
}

/** What `run.json` holds. Whatever could not be found out is null. */
export interface RunFile {
  readonly format: typeof RUN_FILE_FORMAT
  readonly id: string
  readonly project: string
  readonly name: string
  readonly status: RunStatus
  /** ISO 8601, UTC, with milliseconds. */
  readonly startTime: string
  readonly endTime: string | null
  readonly durationSeconds: number | null
  readonly exitCode?: number
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string }
  readonly config: JsonObject
  /** Of the canonical JSON of `config`: equal for equal configurations. */
  readonly configSha256: string | null
  readonly tags: readonly string[]
  readonly notes: string
  readonly group: string | null
  readonly jobType: string | null
  readonly git: GitInfo | null
  readonly command: CommandInfo | null
  readonly software: SoftwareInfo | null
  readonly hardware: HardwareInfo | null
  /** Where the run can be seen in a browser, once a sink knows. */
  readonly url?: string
  /** How often other processes have gone on with the run, oldest first; the fields above tell of the last one. */
  readonly resumes?: readonly RunResume[]
  /** The threads that log; 0 is the one that called `init()`. */
  readonly producers: readonly { readonly id: number; readonly name: string }[]
  /** The destinations, as `offstep` needs them to go on delivering. Options that look secret are left out. */
  readonly sinks: readonly ResolvedSink[]
  /** Every sink has all records: there is nothing left to recover or to sync. */
  readonly delivered?: boolean
  readonly records?: { readonly accepted: number; readonly journaled: number; readonly dropped: number }
}

/** `run.json` is missing, damaged, or of a newer offstep. The message says which, and what to do. */
export class RunFileError extends Error {
  readonly code = 'OFFSTEP_RUN_FILE'
  readonly retryable = false

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'RunFileError'
  }
}

/** Reads `run.json` of a run directory. Throws RunFileError. Blocks: not for the training thread. */
export function readRunFile(dir: string): RunFile {
  const path = join(dir, RUN_FILE_NAME)
  const file = parse(path, readText(path))
  const { format } = file
  if (typeof format === 'number' && format > RUN_FILE_FORMAT) {
    throw new RunFileError(
      `${path} has format ${format}, and this offstep reads ${RUN_FILE_FORMAT}: update offstep`,
    )
  }
  const texts = ['id', 'project', 'name', 'startTime'].every((key) => typeof file[key] === 'string')
  if (format !== RUN_FILE_FORMAT || !texts || !STATUSES.includes(file.status as string)) {
    throw new RunFileError(`${path} is not the run.json of an offstep run: check the directory`)
  }
  return file as unknown as RunFile
}

/** Replaces `run.json` at once and whole. Blocks: not for the training thread. */
export function writeRunFile(dir: string, file: RunFile, options: { sync?: boolean } = {}): void {
  writeFileAtomic(join(dir, RUN_FILE_NAME), `${JSON.stringify(file, null, 2)}\n`, options)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new RunFileError(`${path} does not exist: give the directory of a run`, error)
    throw new RunFileError(`${path} cannot be read (${code}): check its permissions`, error)
  }
}

function parse(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (error) {
    throw new RunFileError(
      `${path} is damaged (not JSON): restore it, or read the run's journal alone`,
      error,
    )
  }
  throw new RunFileError(`${path} is damaged (not an object): restore it, or read the run's journal alone`)
}
