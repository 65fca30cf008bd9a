import type { RecordBatch } from '../record/batch.js'
import { SinkError, saysWhatToDo } from './errors.js'
import type { RejectedRow, RunOutcome, Sink, SinkContext, SinkState, WriteResult } from './sink.js'

const METHODS = ['open', 'write', 'close'] as const

/**
 * A sink that somebody else wrote. What it returns is checked before anything is counted by it, and copied, so
 * that nothing it does later changes what is committed. After an error that it did not raise on purpose (a bug,
 * a wrong result) it is opened again before the next write, at its last good state.
 */
export class GuardedSink implements Sink {
  readonly #name: string
  readonly #sink: Sink
  #context: SinkContext | undefined
  /** JSON of the state that the next `open()` gets. */
  #state = 'null'
  #astray = false

  constructor(name: string, sink: unknown) {
    const missing = METHODS.filter(
      (method) => typeof (sink as Sink | null | undefined)?.[method] !== 'function',
    )
    if (missing.length > 0) {
      throw new SinkError('pause', 'SINK_MODULE', `the sink "${name}" has no function ${missing.join(', ')}`)
    }
    this.#name = name
    this.#sink = sink as Sink
  }

  get batchBytes(): number | undefined {
    return this.#sink.batchBytes
  }

  get afterRewind(): Sink['afterRewind'] {
    return this.#sink.afterRewind
  }

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    this.#context = context
    this.#state = JSON.stringify(state)
    await this.#sink.open(context, JSON.parse(this.#state) as SinkState | null)
    this.#astray = false
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    if (this.#astray) await this.open(this.#context!, JSON.parse(this.#state) as SinkState | null)
    this.#astray = true
    let given: unknown
    try {
      given = await this.#sink.write(batch)
    } catch (error) {
      this.#astray = !saysWhatToDo(error)
      throw error
    }
    const { result, stateJson } = this.#check(given, batch.count)
    this.#state = stateJson
    this.#astray = false
    return result
  }

  async close(outcome: RunOutcome): Promise<void> {
    await this.#sink.close(outcome)
  }

  #check(given: unknown, count: number): { readonly result: WriteResult; readonly stateJson: string } {
    if (!isObject(given))
      throw this.#wrong(`write() resolved with ${show(given)}`, 'return { state: { ... } }')
    const { state, notApplicable = 0, rejected = [] } = given
    const stateJson = this.#stateJson(state)
    const whole = Number.isSafeInteger(notApplicable) && (notApplicable as number) >= 0
    if (!whole) throw this.#wrong(`notApplicable is ${show(notApplicable)}`, 'give a number of rows')
    if (!Array.isArray(rejected)) throw this.#wrong(`rejected is ${show(rejected)}`, 'give an array')
    const rows = rejected.map((row: unknown) => this.#rejectedRow(row, count))
    if (new Set(rows.map(({ row }) => row)).size < rows.length) {
      throw this.#wrong('rejected names a row twice', 'name each once')
    }
    if ((notApplicable as number) + rows.length > count) {
      throw this.#wrong(
        `${notApplicable} rows not applicable and ${rows.length} rejected of ${count}`,
        'count each row of the batch once',
      )
    }
    const result = { state: JSON.parse(stateJson) as SinkState, rejected: rows }
    return { result: { ...result, notApplicable: notApplicable as number }, stateJson }
  }

  #stateJson(state: unknown): string {
    const fix = 'give a plain object that JSON can hold'
    if (!isObject(state)) throw this.#wrong(`state is ${show(state)}`, fix)
    let json: string | undefined
    try {
      json = JSON.stringify(state)
    } catch (cause) {
      throw this.#wrong(`state cannot be kept: ${(cause as Error).message}`, fix)
    }
    // An object may have a toJSON() of its own.
    if (!json?.startsWith('{')) throw this.#wrong(`state becomes ${json} in JSON`, fix)
    return json
  }

  #rejectedRow(given: unknown, count: number): RejectedRow {
    const { row, cause, reason } = isObject(given) ? given : {}
    if (!Number.isSafeInteger(row) || (row as number) < 0 || (row as number) >= count) {
      throw this.#wrong(`rejected names row ${show(row)} of ${count}`, `give 0 to ${count - 1}`)
    }
    if (typeof cause !== 'string' || typeof reason !== 'string') {
      throw this.#wrong(`rejected row ${row} has no cause or reason`, 'give both as text')
    }
    return { row: row as number, cause, reason }
  }

  #wrong(what: string, fix: string): SinkError {
    const message = `the sink "${this.#name}" is wrong: ${what}; ${fix} (docs/custom-sinks.md)`
    return new SinkError('retry', 'SINK_RESULT', message)
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
