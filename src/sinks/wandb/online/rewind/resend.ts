import { setImmediate } from 'node:timers/promises'
import type { RecordBatch } from '../../../../record/batch.js'
import type { SinkContext } from '../../../sink.js'
import { MetricNames } from '../../history/names.js'
import type { OtherRow } from '../../history/other-rows.js'
import { Summary } from '../../run/summary.js'
import { planBatch } from '../batch-plan.js'
import type { Connection } from '../connection.js'
import { otherWork } from '../other-rows.js'
import type { OnlineState } from '../state.js'
import type { Line } from '../stream/line-sender.js'
import { keepRefused } from '../stream/refused-lines.js'
import { type RewoundJournal, survivors } from './survivors.js'

/** Of lines in one request: W&B takes few requests. */
const REQUEST_BYTES = 4 * 2 ** 20

export interface Resending {
  readonly journal: RewoundJournal
  /** Where W&B's lines stand. */
  readonly state: OnlineState
  /** W&B has reset events and console: all of them, too. */
  readonly logs: boolean
  readonly connection: Connection
  readonly context: SinkContext
  readonly key: string
  readonly signal: AbortSignal
}

/** Sends what W&B has lost of the rows that count. The state to go on from. Reads the journal: blocks, but for moments. */
export async function resend(resending: Resending): Promise<OnlineState> {
  const { journal, logs, signal } = resending
  const sending = new Resender(resending)
  for (const { batch, isBehind } of survivors(journal)) {
    if (isBehind) await sending.add(batch)
    else if (logs) await sending.addLogs(batch)
    await setImmediate()
    signal.throwIfAborted()
  }
  return sending.end()
}

class Resender {
  readonly #parts: Resending
  readonly #names = new MetricNames()
  #state: OnlineState
  #lines: Line[] = []
  #uploaded: string[] = []
  #bytes = 0

  constructor(parts: Resending) {
    this.#parts = parts
    this.#state = parts.state
  }

  /** What these rows are in the history, and in the logs. Alerts and artifacts are at W&B, and no rewind takes them away. */
  async add(batch: RecordBatch): Promise<void> {
    const { connection, context, logs, signal } = this.#parts
    // All rows: the times of the others close lines, too.
    const plan = await planBatch(batch, {
      state: this.#state,
      names: this.#names,
      runDir: context.runDir,
      runFiles: connection.files,
      signal,
    })
    connection.files.settled(plan.files)
    this.#state = { ...this.#state, history: plan.merged.state, stepShift: plan.stepShift }
    this.#uploaded.push(...plan.uploaded)
    await this.#send(logs ? plan.lines : plan.lines.filter(({ file }) => file === 'history'))
  }

  /** What these rows are in the events and the console. */
  async addLogs({ media, steps, times }: RecordBatch): Promise<void> {
    const rows = [...media].flatMap(([row, record]): OtherRow[] =>
      record.kind === 'console' || record.kind === 'system'
        ? [{ row, record, step: steps[row]!, time: times[row]! }]
        : [],
    )
    // A value that cannot be read was a dead letter the first time.
    if (rows.length > 0)
      await this.#send(otherWork(rows, this.#parts.context.runDir, this.#state.startTime).lines)
  }

  async end(): Promise<OnlineState> {
    await this.#flush()
    return this.#state
  }

  async #send(lines: readonly Line[]): Promise<void> {
    for (const line of lines) {
      this.#lines.push(line)
      this.#bytes += line.json.length
    }
    if (this.#bytes > REQUEST_BYTES) await this.#flush()
  }

  async #flush(): Promise<void> {
    if (this.#lines.length === 0 && this.#uploaded.length === 0) return
    const { connection, context, key, signal } = this.#parts
    const state = this.#state
    const sent = await connection.sender.send(this.#lines, this.#uploaded, state, key, signal)
    const refused = new Set(sent.refused.map(({ line }) => line.history))
    // Their rows were delivered: what W&B does not take of them now is kept whole.
    for (const line of refused) if (line !== undefined) line.holdsEarlierRows = true
    keepRefused(sent.refused, context)
    const summary = new Summary(state.summary)
    for (const { history } of this.#lines) {
      if (history !== undefined && !refused.has(history)) summary.add(history, state.startTime)
    }
    this.#state = {
      ...state,
      summary: summary.state(),
      offsets: sent.offsets,
      refusedLines: state.refusedLines + sent.refused.length,
      refusedInRow: sent.refusedInRow,
    }
    this.#lines = []
    this.#uploaded = []
    this.#bytes = 0
  }
}
