import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'
import { median } from './statistics.js'

interface Times {
  readonly clock: readonly number[]
  readonly handle: readonly number[]
  readonly row: readonly number[]
  readonly literal: readonly number[]
  readonly dropped: number
}

interface Bytes {
  readonly clock: number
  readonly handle: number
  readonly row: number
  readonly literal: number
  readonly collections: number
}

/** The young generation that holds everything that the allocation program allocates. */
const NO_COLLECTIONS = ['--expose-gc', '--min-semi-space-size=1024', '--max-semi-space-size=1024']

export const call: Benchmark = {
  name: 'call',
  about: 'cost of a log call as a multiple of Date.now(), and what it allocates',
  scopes: ['hot-path'],
  async run(settings: Settings): Promise<Figure[]> {
    const times = await withDirectory((dir) =>
      isolate<Times>('call', { dir, rounds: settings.quick ? 20 : 120, calls: 20_000 }),
    )
    const bytes = await withDirectory((dir) =>
      isolate<Bytes>('allocation', { dir, calls: settings.quick ? 200_000 : 2_000_000 }, NO_COLLECTIONS),
    )
    const ratio = (of: readonly number[]) => median(of.map((time, round) => time / times.clock[round]!))
    const ns = (of: readonly number[]) => `${median(of).toFixed(1)} ns`
    return [
      { name: 'Date.now()', measured: median(times.clock), unit: 'ns', note: 'the measure of the next two' },
      {
        name: 'scalar.log(value, step)',
        measured: ratio(times.handle),
        unit: 'x',
        target: { atMost: 2 },
        note: ns(times.handle),
      },
      {
        name: 'run.log of 10 metrics',
        measured: ratio(times.row),
        unit: 'x',
        target: { atMost: 8 },
        note: `${ns(times.row)}, of which the object literal ${ns(times.literal)}`,
      },
      { name: 'rows dropped meanwhile', measured: times.dropped, unit: '', target: { atMost: 0 } },
      {
        name: 'allocated by scalar.log',
        measured: Math.max(0, bytes.handle - bytes.clock),
        unit: 'B/call',
        // Half a byte: what reading the heap's size costs, spread over the calls.
        target: { atMost: 0.5 },
        note: `beside the ${bytes.clock.toFixed(0)} B that V8 makes for every Date.now(); ${bytes.collections} collections`,
      },
      {
        name: 'allocated by run.log',
        measured: Math.max(0, bytes.row - bytes.literal - bytes.clock),
        unit: 'B/call',
        target: { atMost: 0.5 },
        note: `beside the caller's object literal of ${bytes.literal.toFixed(0)} B`,
      },
    ]
  },
}
