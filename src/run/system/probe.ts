import { PerformanceObserver, performance } from 'node:perf_hooks'
// The module's own: a test of the application's may have put fake timers in the place of the global ones.
import { clearInterval, setInterval } from 'node:timers'
import { getHeapStatistics } from 'node:v8'
import { BEAT_MS, F64, now, SystemMemory, type SystemSnapshot } from '../../monitor/system/shared-memory.js'

/** Once in two seconds, from the first beat on. */
const HEAP_EVERY_BEATS = 4

export interface ProbeOptions {
  /** Count garbage collections too: the engine then tells this thread of each. */
  readonly gc: boolean
}

/**
 * The monitor's side of the thread that owns the run: twice a second, when its event loop turns, it stores a few
 * numbers into shared memory. Where that is all that the thread does, it takes 2 us; in the middle of a training step,
 * with all caches cold, some 50. It makes no call to the system, and keeps no process alive.
 */
export class SystemProbe {
  readonly memory = new SystemMemory()
  readonly #timer: NodeJS.Timeout
  readonly #observer: PerformanceObserver | null
  #beatAt = now()
  #stopped = false

  constructor({ gc }: ProbeOptions) {
    const { numbers } = this.memory
    numbers[F64.BEAT_AT] = this.#beatAt
    numbers[F64.IDLE] = performance.nodeTiming.idleTime
    numbers[F64.GC_WATCHED] = gc ? 1 : 0
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref()
    this.#observer = gc ? this.#watchGc() : null
  }

  /** What the monitor has sampled last; null before the first sample. Never blocks. */
  latest(): SystemSnapshot | null {
    return this.memory.latest()
  }

  /** What `tf.memory()` says. */
  tensors(count: number, buffers: number, bytes: number): void {
    const { numbers, period } = this.memory
    const min = numbers[F64.TENSORS_PERIOD] === period ? numbers[F64.TENSORS_MIN]! : count
    numbers[F64.TENSORS_MIN] = Math.min(min, count)
    numbers[F64.TENSORS_PERIOD] = period
    numbers[F64.TENSORS] = count
    numbers[F64.TENSOR_BUFFERS] = buffers
    numbers[F64.TENSOR_BYTES] = bytes
    numbers[F64.TENSORS_AT] = now()
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** The run is over. */
  stop(): void {
    this.#stopped = true
    clearInterval(this.#timer)
    this.#observer?.disconnect()
  }

  #beat(): void {
    const { numbers, period } = this.memory
    const at = now()
    const delay = Math.max(0, at - this.#beatAt - BEAT_MS)
    this.#beatAt = at
    const max = numbers[F64.DELAY_PERIOD] === period ? numbers[F64.DELAY_MAX]! : 0
    numbers[F64.DELAY_MAX] = Math.max(max, delay)
    numbers[F64.DELAY_PERIOD] = period
    numbers[F64.DELAY_SUM]! += delay
    numbers[F64.BEATS]!++
    // eventLoopUtilization() says the same ten times as slowly.
    numbers[F64.IDLE] = performance.nodeTiming.idleTime
    if (numbers[F64.BEATS]! % HEAP_EVERY_BEATS === 1) this.#heap()
    numbers[F64.BEAT_AT] = at
  }

  #heap(): void {
    const { numbers } = this.memory
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    numbers[F64.HEAP_USED] = used
    numbers[F64.HEAP_LIMIT] = limit
  }

  #watchGc(): PerformanceObserver {
    const { numbers } = this.memory
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        numbers[F64.GC_COUNT]!++
        numbers[F64.GC_PAUSE]! += duration
      }
    })
    observer.observe({ entryTypes: ['gc'] })
    return observer
  }
}
