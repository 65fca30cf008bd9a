import type { StoredAlert } from './alerts.js'
import { type Line, parseLine } from './extended-json.js'
import { CONSOLE, EVENTS, HISTORY, SUMMARY, stepOf, wrongWith } from './line-checks.js'
import { metricsOf, type StoredMetric } from './metrics.js'
import { Uploads } from './uploads.js'

export { CONSOLE, EVENTS, HISTORY, SUMMARY }

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
  readonly errors: string[] = []
  readonly uploads = new Uploads((text) => this.#error(text))
  readonly alerts: StoredAlert[] = []
  /** The history lines before each rewind. */
  readonly archived: (readonly (string | undefined)[])[] = []
  complete = false
  exitCode: number | undefined
  /** The request that completed the run, which may come again. */
  #completing = ''

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

  /** Content of files that were PUT. */
  get files(): Map<string, Buffer> {
    return this.uploads.files
  }

  /** Names of files, as `uploaded` says them. */
  get uploaded(): readonly string[] {
    return this.uploads.uploaded
  }

  /** As `define_metric` has made them known. */
  get metrics(): StoredMetric[] {
    return metricsOf(this.config)
  }

  /** A run that has ended goes on with it. */
  upsert(variables: BucketFields): void {
    this.upserts++
    this.reopen()
    const given = Object.entries(variables).filter(([, value]) => value !== null && value !== undefined)
    this.fields = { ...this.fields, ...Object.fromEntries(given) }
    if (typeof variables.summaryMetrics === 'string') this.summaryLine = variables.summaryMetrics
  }

  /** It may be completed again: a run that goes on, or is uploaded again. */
  reopen(): void {
    this.complete = false
    this.exitCode = undefined
  }

  /** To the last line whose `_step` is not above this one. */
  rewind(step: number): void {
    const history = this.lines(HISTORY)
    this.archived.push([...history])
    const behind = history.findIndex((line) => (stepOf(line ?? '{}') ?? 0) > step)
    this.#lines.clear()
    this.#lines.set(HISTORY, behind < 0 ? [...history] : history.slice(0, behind))
    this.summaryLine = undefined
  }

  /** `filesFirst`: a client that uploads a file before it sends the line that names it. */
  commit(body: FileStreamBody, { filesFirst = true } = {}): void {
    const text = JSON.stringify(body)
    if (this.complete && text !== this.#completing) {
      this.#error('a file_stream request after the one that completed the run')
    }
    for (const [name, { offset, content }] of Object.entries(body.files ?? {})) {
      if (name === SUMMARY) this.#summarise(content)
      else this.#lay(name, offset, content)
      if (filesFirst) this.#checkFiles(content)
    }
    this.uploads.name(body.uploaded ?? [])
    if (body.complete !== true) return
    this.complete = true
    this.#completing = text
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
      const wrong = wrongWith(name, lines, offset, line)
      if (wrong !== undefined) this.#error(wrong)
      lines[offset++] = line
    }
  }

  #summarise(content: readonly string[]): void {
    if (content.length !== 1) this.#error(`${SUMMARY}: ${content.length} lines`)
    this.summaryLine = content.at(-1) ?? this.summaryLine
  }

  /** Lines without media in them are not parsed: there are many. */
  #checkFiles(content: readonly string[]): void {
    for (const line of content) {
      if (line.includes('-file"')) this.uploads.checkNamed(parseLine(line))
    }
  }

  #error(text: string): void {
    this.errors.push(text.slice(0, 500))
  }
}
