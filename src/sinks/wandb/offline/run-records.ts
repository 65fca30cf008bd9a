import type { JsonObject } from '../../../store/run-context.js'
import { extendedJson } from '../extended-json.js'
import {
  CONFIG,
  ENVIRONMENT,
  EXIT,
  GIT,
  HEADER,
  ITEM,
  MEMORY,
  RECORD,
  RUN,
  TIMESTAMP,
  VERSION_INFO,
} from './fields.js'
import { type FieldPart, integerField, lengthField, textField } from './protobuf.js'

/** The oldest client that can read the records: as 0.30.0 says it. */
const MIN_CONSUMER = '0.70.0'

/** What the log says of the run. */
export interface OfflineRun {
  readonly runId: string
  /** Undefined: the default of whoever uploads the log. */
  readonly entity: string | undefined
  readonly project: string
  readonly displayName: string
  readonly notes: string | undefined
  readonly tags: readonly string[]
  readonly group: string | undefined
  readonly jobType: string | undefined
  /** Milliseconds since the epoch. */
  readonly startTime: number
  readonly config: JsonObject
  readonly commit: string | undefined
  readonly repo: string | undefined
  /** Null: not known. */
  readonly machine: OfflineMachine | null
}

/** Where the run happens; W&B shows it on the page of the run. */
export interface OfflineMachine {
  readonly host: string
  readonly os: string
  readonly cores: number
  readonly memoryBytes: number
  readonly user: string | null
  readonly program: string
  readonly args: readonly string[]
  readonly directory: string
  readonly executable: string
}

/** The first record. `producer`: what wrote the file. */
export function headerRecord(num: number, producer: string): Buffer {
  const versions = [
    lengthField(VERSION_INFO.producer, producer),
    lengthField(VERSION_INFO.minConsumer, MIN_CONSUMER),
  ]
  return record(num, RECORD.header, lengthField(HEADER.versionInfo, ...versions))
}

export function runRecord(num: number, run: OfflineRun): Buffer {
  const updates = Object.entries(run.config).map(([key, value]) =>
    lengthField(CONFIG.update, lengthField(ITEM.key, key), lengthField(ITEM.valueJson, extendedJson(value))),
  )
  return record(
    num,
    RECORD.run,
    lengthField(RUN.runId, run.runId),
    textField(RUN.entity, run.entity),
    textField(RUN.project, run.project),
    lengthField(RUN.config, ...updates),
    textField(RUN.group, run.group),
    textField(RUN.jobType, run.jobType),
    textField(RUN.displayName, run.displayName),
    textField(RUN.notes, run.notes),
    ...run.tags.map((tag) => lengthField(RUN.tags, tag)),
    textField(RUN.host, run.machine?.host),
    timestampField(RUN.startTime, run.startTime),
    gitField(RUN.git, run),
  )
}

/** Machine, program and git state: what W&B keeps in wandb-metadata.json. */
export function environmentRecord(num: number, run: OfflineRun, machine: OfflineMachine): Buffer {
  return record(
    num,
    RECORD.environment,
    lengthField(ENVIRONMENT.os, machine.os),
    timestampField(ENVIRONMENT.startedAt, run.startTime),
    ...machine.args.map((arg) => lengthField(ENVIRONMENT.args, arg)),
    textField(ENVIRONMENT.program, machine.program),
    gitField(ENVIRONMENT.git, run),
    textField(ENVIRONMENT.root, machine.directory),
    textField(ENVIRONMENT.host, machine.host),
    textField(ENVIRONMENT.username, machine.user),
    textField(ENVIRONMENT.executable, machine.executable),
    integerField(ENVIRONMENT.cpuCountLogical, machine.cores),
    lengthField(ENVIRONMENT.memory, integerField(MEMORY.total, machine.memoryBytes)),
    // One writer a run: its id tells it from the others of a shared one.
    lengthField(ENVIRONMENT.writerId, run.runId),
  )
}

/** The last record; without it W&B takes the run for one that crashed. `runtime`: whole seconds. */
export function exitRecord(num: number, exitCode: number, runtime: number): Buffer {
  const content = [integerField(EXIT.exitCode, exitCode), integerField(EXIT.runtime, runtime)]
  return record(num, RECORD.exit, ...content)
}

/** A record of the log, with its number there. */
export function record(num: number, field: number, ...content: readonly FieldPart[]): Buffer {
  return Buffer.concat([integerField(RECORD.num, num), lengthField(field, ...content)])
}

export function timestampField(field: number, ms: number): Buffer {
  const seconds = Math.floor(ms / 1000)
  const nanos = Math.round((ms - seconds * 1000) * 1e6)
  return lengthField(field, integerField(TIMESTAMP.seconds, seconds), integerField(TIMESTAMP.nanos, nanos))
}

function gitField(field: number, { commit, repo }: OfflineRun): Buffer {
  if (commit === undefined && repo === undefined) return Buffer.alloc(0)
  return lengthField(field, textField(GIT.remote, repo), textField(GIT.commit, commit))
}
