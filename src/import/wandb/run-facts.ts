import type { JsonObject, JsonValue } from '../../record/json.js'
import type { RunStatus } from '../../sinks/sink.js'
import { Message } from '../protobuf.js'
import { decodeItems, type Item, parseValue } from './items.js'
import { timestamp } from './timestamp.js'

/** What a log says of its run, gathered record by record. */
export class RunFacts {
  runId = ''
  name = ''
  project: string | null = null
  group: string | null = null
  jobType: string | null = null
  notes = ''
  readonly tags: string[] = []
  /** Milliseconds since the epoch. */
  startTime: number | null = null
  exitCode: number | null = null
  config: JsonObject = {}
  #summary: Record<string, JsonValue> = {}

  /** A run without an exit record was cut off. */
  get status(): RunStatus {
    if (this.exitCode === null) return 'crashed'
    return this.exitCode === 0 ? 'completed' : 'failed'
  }

  /** RunRecord: run_id 1, project 3, config 4, summary 5, run_group 6, job_type 7, display_name 8, notes 9, tags 10, start_time 17. */
  addRun(bytes: Buffer): void {
    const run = new Message(bytes)
    this.tags.length = 0
    while (run.next()) {
      if (run.field === 1) this.runId = run.text
      else if (run.field === 3) this.project = run.text || null
      else if (run.field === 4) this.addConfig(run.bytes)
      else if (run.field === 5) this.addSummary(run.bytes)
      else if (run.field === 6) this.group = run.text || null
      else if (run.field === 7) this.jobType = run.text || null
      else if (run.field === 8) this.name = run.text
      else if (run.field === 9) this.notes = run.text
      else if (run.field === 10) this.tags.push(run.text)
      else if (run.field === 17) this.startTime = timestamp(run.bytes)
    }
  }

  addConfig(bytes: Buffer): void {
    for (const item of decodeItems(bytes)) {
      if (item.path[0]!.startsWith('_wandb')) continue
      this.config = withPath(this.config, item.path, itemValue(item))
    }
  }

  addSummary(bytes: Buffer): void {
    for (const item of decodeItems(bytes)) {
      const name = item.path.join('.')
      if (!name.startsWith('_')) this.#summary[name] = itemValue(item)
    }
  }

  /** RunExitRecord: exit_code 1. */
  addExit(bytes: Buffer): void {
    const exit = new Message(bytes)
    this.exitCode = 0
    while (exit.next()) if (exit.field === 1) this.exitCode = exit.integer
  }

  /** Of names that no row has: the others are the summary of their rows. */
  summary(logged: ReadonlySet<string>): JsonObject {
    const heads = new Set([...logged].map((name) => name.split('.')[0]))
    return Object.fromEntries(
      Object.entries(this.#summary).filter(([name]) => !logged.has(name) && !heads.has(name)),
    )
  }
}

const itemValue = ({ json }: Item): JsonValue => parseValue(json) ?? null

function withPath(into: JsonObject, [name, ...rest]: readonly string[], value: JsonValue): JsonObject {
  if (rest.length === 0) return { ...into, [name!]: value }
  const inner = into[name!]
  const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner)
  return { ...into, [name!]: withPath(isObject ? (inner as JsonObject) : {}, rest, value) }
}
