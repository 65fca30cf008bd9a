/** The exact step of the log call, in a line whose `_step` is another number (docs/decisions/016-wandb-steps.md). */
export const STEP_NAME = 'offstep/step'
/** In the summary: rows that came too late for a line of their own step. */
export const LATE_ROWS_NAME = 'offstep/late_rows'
/** In the summary: lines that the server has refused for good. */
export const REJECTED_LINES_NAME = 'offstep/rejected_lines'

const RESERVED: ReadonlySet<string> = new Set([
  '_step',
  '_timestamp',
  '_runtime',
  '_wandb',
  STEP_NAME,
  LATE_ROWS_NAME,
  REJECTED_LINES_NAME,
])

/** What a metric is called in W&B: its own name, unless W&B or this sink has a use for it. */
export function metricName(name: string): string {
  return RESERVED.has(name) ? `metrics/${name}` : name
}

/** The names of a reader's batches, as W&B has them, and their size; the list of names only grows. */
export class MetricNames {
  readonly #names: string[] = []
  readonly #bytes: number[] = []

  /** Call before the first slot of a batch. */
  learn(names: readonly string[]): void {
    for (let key = this.#names.length; key < names.length; key++) {
      const name = metricName(names[key]!)
      this.#names.push(name)
      this.#bytes.push(fieldBytes(name))
    }
  }

  name(key: number): string {
    return this.#names[key]!
  }

  /** UTF-8 bytes of the name in a line, with its colon and comma. */
  bytes(key: number): number {
    return this.#bytes[key]!
  }
}

/** UTF-8 bytes of a name in a line, with its colon and comma. */
export const fieldBytes = (name: string): number => Buffer.byteLength(JSON.stringify(name)) + 2
