import { createHash } from 'node:crypto'
import type { MediaRecord } from '../../src/record/media.js'
import type { MetricDefinition } from '../../src/record/updates.js'

/** Milliseconds since the epoch: when the calls begin, a little after the run. */
export const FIRST_CALL = 1_732_000_001_000

export type Values = { readonly [name: string]: number }

/** A call of a run, as it is journaled. */
export type Call =
  | {
      readonly kind: 'row'
      readonly producer: number
      readonly step: number
      readonly time: number
      readonly values: Values
    }
  | {
      readonly kind: 'record'
      readonly step: number
      readonly time: number
      readonly record: MediaRecord
      /** The bytes of `record.file`. */
      readonly bytes?: Buffer
    }

type Random = () => number
type RecordMaker = (id: number, time: number) => Pick<Extract<Call, { kind: 'record' }>, 'record' | 'bytes'>

const DEFINITIONS: readonly (readonly [name: string, definition: MetricDefinition])[] = [
  ['loss', { summary: ['min', 'last'] }],
  ['value', { summary: ['max', 'mean'], hidden: true }],
  ['val/*', { stepMetric: 'epoch', stepSync: true }],
  ['val/acc', { summary: ['best'], goal: 'maximize' }],
  ['weights', { summary: ['none'] }],
]

/** Makes calls of every kind. No two rows have the same value, and no two files the same bytes. */
export class CallMaker {
  readonly #random: Random
  readonly #makers: readonly RecordMaker[]
  #id = 0
  #step = 0
  #time = FIRST_CALL

  constructor(random: Random) {
    this.#random = random
    this.#makers = [
      (id) => ({ record: record('histogram', this.#oneOf(['weights', 'grads/w']), histogram(id)) }),
      (id) => ({ record: record('text', 'note', { text: `text ${id}\n"quoted" <html> NaN` }) }),
      (id) => withFile('image', 'samples/picture', id, { format: 'png', width: 3, height: id + 1 }),
      (id) => withFile('file', this.#oneOf(['model/config.json', 'notes.txt']), id, { source: 'anywhere' }),
      (id, time) => ({ record: record('console', 'console', this.#printed(id, time)) }),
      (id) => ({
        record: record('system', 'system', { values: { cpu: id, 'proc.memory.rssMB': 0.1 + id } }),
      }),
      (id) => ({ record: record('config', 'config', { values: { [`p${id % 3}`]: id, nested: { id } } }) }),
      (id) => ({ record: record('summary', 'summary', this.#summary(id)) }),
      (id) => ({ record: record('alert', 'alert', this.#alert(id)) }),
      () => ({ record: record('metric', ...this.#oneOf(DEFINITIONS)) }),
    ]
  }

  /** So many calls, some with a step up to `back` below the newest. */
  calls(count: number, back: number): Call[] {
    return Array.from({ length: count }, () => this.#call(back))
  }

  #call(back: number): Call {
    const id = this.#id++
    this.#time += this.#random() < 0.05 ? 3000 : this.#whole(30)
    const late = this.#random() < 0.3
    const step = late ? Math.max(0, this.#step - this.#whole(back + 1)) : this.#step
    if (!late) this.#step += this.#random() < 0.8 ? 1 : this.#whole(3)
    const at = { step, time: this.#time }
    if (this.#random() < 0.4) return { kind: 'record', ...at, ...this.#oneOf(this.#makers)(id, this.#time) }
    const name = this.#oneOf(['loss', 'val/acc'])
    const epoch = this.#random() < 0.2 ? { epoch: id >> 3 } : {}
    return { kind: 'row', producer: this.#whole(3), ...at, values: { value: id, [name]: id / 3, ...epoch } }
  }

  #printed(id: number, time: number) {
    const stream = this.#oneOf(['stdout', 'stderr'] as const)
    const lines = Array.from({ length: 1 + this.#whole(3) }, (_, line) => ({
      time: time - 2 + line,
      text: `printed ${id}.${line} "ä"`,
    }))
    return { stream, lines }
  }

  #summary(id: number) {
    const removed = this.#random() < 0.3 ? ['best0'] : []
    const name = removed.length > 0 ? 'best1' : this.#oneOf(['best0', 'best1', 'loss'])
    return { values: { [name]: this.#oneOf([id, 'NaN', `text ${id}`]) }, removed }
  }

  #alert(id: number) {
    const title = this.#oneOf(['diverged', 'slow'])
    return { title, text: `alert ${id}`, level: this.#oneOf(['info', 'error'] as const), waitMs: 100 }
  }

  #whole(below: number): number {
    return Math.floor(this.#random() * below)
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[this.#whole(list.length)]!
  }
}

const record = (kind: MediaRecord['kind'], name: string, value: object): MediaRecord =>
  ({ kind, name, producer: 0, value }) as MediaRecord

const histogram = (id: number) => ({
  edges: [0, 0.5, 1],
  counts: [id, 2],
  min: 0,
  max: 1,
  mean: 0.5,
  std: 0.1,
  finite: id + 2,
  nan: 0,
  infinite: 0,
})

function withFile(kind: 'image' | 'file', name: string, id: number, value: object) {
  const bytes = Buffer.from(`${kind} ${id}`.repeat(1 + (id % 5)))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const file = { path: `media/${kind}/${sha256}.bin`, bytes: bytes.length, sha256 }
  return { record: { ...record(kind, name, value), file } as MediaRecord, bytes }
}
