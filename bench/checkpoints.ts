import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'
import { median } from './statistics.js'

interface Times {
  /** Milliseconds, per round: one copy of the same bytes into memory that was used before. */
  readonly copy: readonly number[]
  /** The call of save(), copy included. */
  readonly save: readonly number[]
  /** Steps of a loop without saves, and of the same loop while checkpoints are written. */
  readonly steps: readonly number[]
  readonly stepsWhileSaving: readonly number[]
  /** MB/s of a file of the same bytes, written and synced; and of a whole checkpoint. */
  readonly disk: readonly number[]
  readonly written: readonly number[]
  /** Milliseconds for a list of 1,000 checkpoints. */
  readonly list: readonly number[]
}

const MEGABYTES = 100

/** What a checkpoint costs the training thread, and how quickly it is on the disk. */
export const checkpoints: Benchmark = {
  name: 'checkpoints',
  about: `a checkpoint of ${MEGABYTES} MB: what it costs the training thread, and how quickly it is on the disk`,
  scopes: ['training'],
  async run({ quick }: Settings): Promise<Figure[]> {
    const parameters = { megabytes: MEGABYTES, rounds: quick ? 3 : 12, listed: quick ? 100 : 1000 }
    const times = await withDirectory((dir) => isolate<Times>('checkpoints', { dir, ...parameters }))
    const beyond = times.save.map((ms, round) => ms - times.copy[round]!)
    const step = median(times.steps)
    return [
      { name: `one copy of ${MEGABYTES} MB`, measured: median(times.copy), unit: 'ms' },
      {
        name: 'save(), beyond the copy',
        measured: median(beyond),
        unit: 'ms',
        target: { atMost: 5 },
        note: `${median(times.save).toFixed(1)} ms in all; most of ${beyond.length}: ${Math.max(...beyond).toFixed(1)} ms`,
      },
      {
        name: 'longest step while saving',
        measured: Math.max(...times.stepsWhileSaving) / step,
        unit: 'x',
        target: { atMost: 1.5 },
        note: `of the median step, ${step.toFixed(2)} ms; without saves the longest is ${(Math.max(...times.steps) / step).toFixed(2)} x`,
      },
      {
        name: 'written, hashed and synced',
        measured: median(times.written.map((speed, round) => speed / times.disk[round]!)),
        unit: 'x',
        target: { atLeast: 0.7 },
        note: `of one file of the same bytes: ${median(times.written).toFixed(0)} of ${median(times.disk).toFixed(0)} MB/s`,
      },
      {
        name: `a list of ${parameters.listed} checkpoints`,
        measured: median(times.list),
        unit: 'ms',
        target: { atMost: 100 },
      },
    ]
  },
}
