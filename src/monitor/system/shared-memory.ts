/** What the machine did at one moment. */
export interface SystemSnapshot {
  /** Milliseconds since the epoch. */
  readonly time: number
  /** The last step that the owner of the run had logged by then; 0 before the first. */
  readonly step: number
  /** By the names of docs/system-metrics.md: `cpu`, `proc.memory.rssMB`, `gpu.0.gpu`. */
  readonly values: { readonly [name: string]: number }
}

/** Room for some 4,000 values. Pages that nothing is written to take no memory. */
const SLOT_BYTES = 128 * 1024
const HEADER_BYTES = 256

/** Indexes as Int32Array. */
const I32 = {
  /** Snapshots so far: the newest is in slot `count % 2`. */
  COUNT: 0,
  /** Bytes of slot 0, and of slot 1. */
  LENGTH: 1,
  /** Which sample the daemon is waiting to take: the owner's thread begins a new maximum with each. */
  PERIOD: 3,
} as const

/** Indexes as Float64Array. The thread that owns the run is the only writer. */
export const F64 = {
  /** When the event loop turned last, by `now()`; at first, when the run began. */
  BEAT_AT: 8,
  BEATS: 9,
  /** Of all beats: how much later they came than they were due, in ms. */
  DELAY_SUM: 10,
  /** The latest beat of `DELAY_PERIOD`, in ms. */
  DELAY_MAX: 11,
  DELAY_PERIOD: 12,
  /** How long the event loop has waited for events, in ms. */
  IDLE: 13,
  /** Bytes. */
  HEAP_USED: 14,
  HEAP_LIMIT: 15,
  /** 1 where collections are counted. */
  GC_WATCHED: 22,
  GC_COUNT: 16,
  /** Milliseconds. */
  GC_PAUSE: 17,
  /** When `watchMemory()` looked last, by `now()`; 0: never. */
  TENSORS_AT: 18,
  TENSORS: 19,
  TENSOR_BUFFERS: 20,
  TENSOR_BYTES: 21,
  /** The fewest tensors of `TENSORS_PERIOD`: between two batches, say. */
  TENSORS_MIN: 23,
  TENSORS_PERIOD: 24,
} as const

/** How often the owner's thread says that its event loop turns. A delay that is shorter may go unseen. */
export const BEAT_MS = 500

const { timeOrigin } = performance

/** A clock that all threads of the process share, and nobody sets. Milliseconds. */
export const now = (): number => timeOrigin + performance.now()

/**
 * What the thread that owns a run and the monitor tell each other: the one how its event loop does, the other what
 * it has sampled. Each word has one writer; neither waits for the other.
 */
export class SystemMemory {
  readonly buffer: SharedArrayBuffer
  /** See `F64`. */
  readonly numbers: Float64Array
  readonly #i32: Int32Array

  constructor(buffer = new SharedArrayBuffer(HEADER_BYTES + 2 * SLOT_BYTES)) {
    this.buffer = buffer
    this.numbers = new Float64Array(buffer, 0, HEADER_BYTES / 8)
    this.#i32 = new Int32Array(buffer, 0, HEADER_BYTES / 4)
  }

  /** From 1 on. */
  get period(): number {
    return Atomics.load(this.#i32, I32.PERIOD) + 1
  }

  nextPeriod(): void {
    Atomics.add(this.#i32, I32.PERIOD, 1)
  }

  /** False where the snapshot is too long: the one before stays. */
  publish(snapshot: SystemSnapshot): boolean {
    const text = new TextEncoder().encode(JSON.stringify(snapshot))
    if (text.length > SLOT_BYTES) return false
    const count = (Atomics.load(this.#i32, I32.COUNT) + 1) | 0
    this.#slot(count).set(text)
    Atomics.store(this.#i32, I32.LENGTH + (count & 1), text.length)
    Atomics.store(this.#i32, I32.COUNT, count)
    return true
  }

  /** The newest snapshot; null before the first. Never waits. */
  latest(): SystemSnapshot | null {
    for (;;) {
      const count = Atomics.load(this.#i32, I32.COUNT)
      if (count === 0) return null
      const length = Atomics.load(this.#i32, I32.LENGTH + (count & 1))
      const text = new TextDecoder().decode(this.#slot(count).slice(0, length))
      // The slot is written again with the snapshot after the next one: two samples within this read.
      if (Atomics.load(this.#i32, I32.COUNT) === count) return JSON.parse(text) as SystemSnapshot
    }
  }

  #slot(count: number): Uint8Array {
    return new Uint8Array(this.buffer, HEADER_BYTES + (count & 1) * SLOT_BYTES, SLOT_BYTES)
  }
}
