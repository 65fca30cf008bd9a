import { MIB, percent, type Sample } from './sample.js'
import { BEAT_MS, F64, now, type SystemMemory } from './shared-memory.js'

/**
 * The event loop of the thread that owns the run, from what it has written down (run/system/probe.ts). A thread that
 * does not come to its event loop writes nothing: it is late by as long as that, and busy.
 */
export class TrainingThreadMeter {
  readonly #memory: SystemMemory
  readonly #now: () => number
  /** Until when it is known what the loop did. */
  #end: number
  #beats: number
  #delaySum: number
  #idle: number
  #gcCount: number
  #gcPause: number

  constructor(memory: SystemMemory, clock: () => number = now) {
    this.#memory = memory
    this.#now = clock
    const { numbers } = memory
    this.#end = numbers[F64.BEAT_AT]!
    this.#beats = numbers[F64.BEATS]!
    this.#delaySum = numbers[F64.DELAY_SUM]!
    this.#idle = numbers[F64.IDLE]!
    this.#gcCount = numbers[F64.GC_COUNT]!
    this.#gcPause = numbers[F64.GC_PAUSE]!
  }

  sample(into: Sample): void {
    this.#loop(into)
    const { numbers } = this.#memory
    if (numbers[F64.HEAP_LIMIT]! > 0) {
      into['nodejs.heap.usedMB'] = numbers[F64.HEAP_USED]! / MIB
      into['nodejs.heap.limitMB'] = numbers[F64.HEAP_LIMIT]! / MIB
    }
    if (numbers[F64.GC_WATCHED] === 0) return
    const [count, pause] = [numbers[F64.GC_COUNT]!, numbers[F64.GC_PAUSE]!]
    into['nodejs.gc.count'] = count - this.#gcCount
    into['nodejs.gc.pauseMs'] = pause - this.#gcPause
    this.#gcCount = count
    this.#gcPause = pause
  }

  #loop(into: Sample): void {
    const { numbers, period } = this.#memory
    const at = this.#now()
    const [beatAt, beats, sum] = [numbers[F64.BEAT_AT]!, numbers[F64.BEATS]!, numbers[F64.DELAY_SUM]!]
    const idle = numbers[F64.IDLE]!
    const came = beats - this.#beats
    const late = Math.max(0, at - beatAt - BEAT_MS)
    const max = numbers[F64.DELAY_PERIOD] === period ? numbers[F64.DELAY_MAX]! : 0
    into['nodejs.eventloop.delay.maxMs'] = Math.max(max, late)
    into['nodejs.eventloop.delay.meanMs'] = came > 0 ? (sum - this.#delaySum) / came : late
    // A loop that is late has not been idle since its last beat.
    const end = late > 0 ? at : beatAt
    const elapsed = end - this.#end
    if (elapsed > 0) {
      const busy = 100 - percent(idle - this.#idle, elapsed)
      into['nodejs.eventloop.utilizationPercent'] = Math.min(100, Math.max(0, busy))
    }
    this.#end = end
    this.#beats = beats
    this.#delaySum = sum
    this.#idle = idle
    this.#memory.nextPeriod()
  }
}
