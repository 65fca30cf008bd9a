import { type Line, parseLine } from './extended-json.js'

export const HISTORY = 'wandb-history.jsonl'
export const EVENTS = 'wandb-events.jsonl'
export const SUMMARY = 'wandb-summary.json'
export const CONSOLE = 'output.log'

/** Body of a file_stream request. */
export interface FileStreamBody {
  readonly files?: Readonly<Record<string, { readonly offset: number; readonly content: readonly string[] }>>
  readonly uploaded?: readonly string[]
  readonly preempting?: boolean
  readonly complete?: boolean
  readonly exitcode?: number
}

/** Fields of a bucket that UpsertBucket sets. */
export type BucketFields = Readonly<Record<string, unknown>>

/**
 * What the backend holds of one run. `file[offset++] = line` for history, events and console; of the summary the
 * last line wins. What no backend would like is noted in `errors`: tests expect it to be empty.
 */
export class StoredRun {
  readonly id: string
  readonly entity: string
  readonly project: string
  readonly storageId: string
  /** The last value that was given to each field. */
  fields: BucketFields = {}
  upserts = 0
  readonly #lines = new Map<string, (string | undefined)[]>()
  summaryLine: string | undefined
  /** Names of files, as `uploaded` says them. */
  readonly uploaded: string[] = []
  /** Content of files that were PUT. */
  readonly files = new Map<string, Buffer>()
  complete = false
  exitCode: number | undefined
  readonly errors: string[] = []

  constructor(entity: string, project: string, id: string) {
    this.entity = entity
    this.project = project
    this.id = id
    this.storageId = Buffer.from(`Run:v1:${id}:${project}:${entity}`).toString('base64')
  }

  lines(file: string): readonly (string | undefined)[] {
    return this.#lines.get(file) ?? []
  }

  /** History lines, parsed: NaN, infinities, and bigints beyond 2^53. */
  get history(): Line[] {
    return this.lines(HISTORY).map((line) => parseLine(line!))
  }

  get events(): Line[] {
    return this.lines(EVENTS).map((line) => parseLine(line!))
  }

  get console(): readonly (string | undefined)[] {
    return this.lines(CONSOLE)
  }

  get summary(): Line | undefined {
    return this.summaryLine === undefined ? undefined : parseLine(this.summaryLine)
  }

  /** `config` in W&B's own shape. */
  get config(): Line | undefined {
    const { config } = this.fields
    return typeof config === 'string' ? parseLine(config) : undefined
  }

  upsert(variables: BucketFields): void {
    this.upserts++
    const given = Object.entries(variables).filter(([, value]) => value !== null && value !== undefined)
    this.fields = { ...this.fields, ...Object.fromEntries(given) }
    if (typeof variables.summaryMetrics === 'string') this.summaryLine = variables.summaryMetrics
  }

  /** It may be completed again: a run that goes on, or is uploaded again. */
  reopen(): void {
    this.complete = false
    this.exitCode = undefined
  }

  commit(body: FileStreamBody): void {
    if (this.complete) this.#error('a file_stream request after the one that completed the run')
    for (const [name, { offset, content }] of Object.entries(body.files ?? {})) {
      if (name === SUMMARY) this.summaryLine = content.at(-1) ?? this.summaryLine
      else this.#lay(name, offset, content)
    }
    this.uploaded.push(...(body.uploaded ?? []))
    if (body.complete !== true) return
    this.complete = true
    this.exitCode = body.exitcode
  }

  #lay(name: string, offset: number, content: readonly string[]): void {
    const lines = this.#lines.get(name) ?? []
    this.#lines.set(name, lines)
    if (offset > lines.length) this.#error(`${name}: offset ${offset} where ${lines.length} lines are`)
    for (const line of content) {
      const before = lines[offset]
      if (before !== undefined && before !== line && name !== CONSOLE) {
        this.#error(`${name}: line ${offset} was ${before} and is now ${line}`)
      }
      if (name === HISTORY) this.#checkStep(lines, offset, line)
      lines[offset++] = line
    }
  }

  #checkStep(lines: readonly (string | undefined)[], offset: number, line: string): void {
    const step = stepOf(line)
    if (step === undefined) this.#error(`${HISTORY}: line ${offset} has no integer _step: ${line}`)
    const last = offset > 0 ? stepOf(lines[offset - 1] ?? '{}') : undefined
    if (step !== undefined && last !== undefined && step <= last) {
      this.#error(`${HISTORY}: line ${offset} has _step ${step} after ${last}`)
    }
  }

  #error(text: string): void {
    this.errors.push(text.slice(0, 500))
  }
}

/** Lines without objects in them are not parsed: there are many. */
function stepOf(line: string): number | undefined {
  const flat = line.indexOf('{', 1) < 0
  const step = flat ? Number(/[{,]"_step":(-?\d+)[,}]/.exec(line)?.[1]) : parseLine(line)._step
  return Number.isSafeInteger(step) ? (step as number) : undefined
}
