import { errorText } from '../../run/read-back.js'
import type { Tensor } from '../types.js'
import { dispose, type Packer, readTogether } from './tensor.js'

/** Scalars that wait before they are read, all in one go. */
const READ_TOGETHER = 64
/** How long fewer of them wait: a dashboard should not lag behind by more. */
const READ_AFTER_MS = 1000
/** A loop that never lets the device answer has the oldest read synchronously from here on. */
export const MAX_WAITING = 16 * 1024

type State = 'waiting' | 'reading' | 'read' | 'failed'

interface Entry {
  /** Ours; undefined where there is nothing to read. */
  readonly tensor: Tensor | undefined
  /** Makes the event. */
  readonly write: (values: ArrayLike<number>) => void
  values: ArrayLike<number>
  state: State
}

/**
 * Events in the order of their calls, some of which wait for values from a device. Nothing here throws or rejects:
 * a tensor that cannot be read is told to `failed`.
 */
export class ReadBack {
  /** Reads many scalars as one tensor, where known. */
  tf: Packer | undefined
  readonly #failed: (reason: string) => void
  /** Events may follow those that were released. */
  readonly #released: () => void
  readonly #entries: Entry[] = []
  #waiting: Entry[] = []
  #timer: NodeJS.Timeout | undefined
  #idle: (() => void)[] = []

  constructor(failed: (reason: string) => void, released: () => void) {
    this.#failed = failed
    this.#released = released
  }

  /** Events that wait, for their own value or for one before them. */
  get length(): number {
    return this.#entries.length
  }

  /** An event that has its value. */
  add(write: () => void): void {
    if (this.#entries.length === 0) write()
    else this.#entries.push({ tensor: undefined, write, values: [], state: 'read' })
  }

  /** An event whose value is `tensor`, a clone that this takes over. Does not wait for the device. */
  addTensor(tensor: Tensor, write: (values: ArrayLike<number>) => void): void {
    if (this.#entries.length >= MAX_WAITING) this.#makeRoom()
    const entry: Entry = { tensor, write, values: [], state: 'waiting' }
    this.#entries.push(entry)
    this.#waiting.push(entry)
    // What is large is held on the device no longer than it has to be.
    const now = tensor.size > 1 || this.#waiting.length >= READ_TOGETHER || this.#idle.length > 0
    if (now) void this.#read()
    else this.#timer ??= setTimeout(() => void this.#read(), READ_AFTER_MS).unref()
  }

  /** Reads everything that waits; resolves when no event waits any longer. */
  async whenIdle(): Promise<void> {
    void this.#read()
    if (this.#entries.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /**
   * Reads everything that waits, synchronously. A backend that cannot (webgpu outside of a browser) leaves the
   * rest waiting: it is then read when the device answers.
   */
  readNow(): void {
    for (const entry of this.#entries) {
      if (entry.tensor === undefined || entry.state === 'read' || entry.state === 'failed') continue
      try {
        this.#settle(entry, entry.tensor.dataSync())
      } catch {
        // The asynchronous way is open still, and says what is wrong if it fails too.
        break
      }
    }
    this.#release()
    void this.#read()
  }

  /** Gives up on whatever still waits: the process ends. */
  abandon(): void {
    for (const entry of this.#entries) {
      if (entry.state === 'waiting' || entry.state === 'reading') this.#fail(entry, 'the process ends')
    }
    this.#release()
  }

  async #read(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const entries = this.#waiting.filter(({ state }) => state === 'waiting')
    this.#waiting = []
    if (entries.length === 0) return
    for (const entry of entries) entry.state = 'reading'
    try {
      const values = await readTogether(
        entries.map(({ tensor }) => tensor!),
        this.tf,
      )
      for (const [index, entry] of entries.entries()) this.#settle(entry, values[index]!)
    } catch {
      // One of them, or the way they are stacked: each on its own, so that only the bad one is lost.
      await Promise.all(entries.map((entry) => this.#readAlone(entry)))
    }
    this.#release()
  }

  async #readAlone(entry: Entry): Promise<void> {
    try {
      if (entry.state === 'reading') this.#settle(entry, await entry.tensor!.data())
    } catch (error) {
      this.#fail(entry, errorText(error))
    }
  }

  #makeRoom(): void {
    const oldest = this.#entries[0]!
    try {
      this.#settle(oldest, oldest.tensor!.dataSync())
    } catch (error) {
      this.#fail(oldest, errorText(error))
    }
    this.#release()
  }

  /** The first answer counts: the device may give one after a synchronous read. */
  #settle(entry: Entry, values: ArrayLike<number>): void {
    if (entry.state === 'read' || entry.state === 'failed') return
    entry.state = 'read'
    entry.values = values
    dispose(entry.tensor!)
  }

  #fail(entry: Entry, reason: string): void {
    if (entry.state === 'read' || entry.state === 'failed') return
    entry.state = 'failed'
    dispose(entry.tensor!)
    this.#failed(reason)
  }

  #release(): void {
    let count = 0
    for (const { state, write, values } of this.#entries) {
      if (state === 'waiting' || state === 'reading') break
      count++
      if (state === 'read') write(values)
    }
    this.#entries.splice(0, count)
    if (this.#entries.length === 0) for (const resolve of this.#idle.splice(0)) resolve()
    if (count > 0) this.#released()
  }
}
