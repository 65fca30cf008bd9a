import { type Benchmark, type Figure, type Settings, secondsOf } from './benchmark.js'
import type { Latencies } from './chart.js'
import { withDirectory, withSmallDisk } from './directory.js'
import { isolate } from './isolate.js'

export type Fault = 'none' | 'disk-full' | 'sink-hangs' | 'sink-spins' | 'threads-killed'

interface Paced {
  readonly clock: Latencies
  readonly scalar: Latencies
  readonly row: Latencies
  readonly dropped: number
  readonly lateMs: number
  readonly collections: number
  readonly longestCollectionMs: number
}

const RATE = 10_000
const DISK_MIB = 64
const FAULTS: readonly Fault[] = ['disk-full', 'sink-hangs', 'sink-spins', 'threads-killed']

export const paced: Benchmark = {
  name: 'paced',
  about: '10,000 calls a second from a loop that never yields: latency, healthy and under faults',
  scopes: ['latency'],
  async run(settings: Settings): Promise<Figure[]> {
    const seconds = secondsOf(settings, 60, 4)
    const healthy = (await measure('none', seconds))!
    const figures = describe('healthy', healthy)
    for (const fault of FAULTS) {
      const faulty = await measure(fault, seconds)
      if (faulty === null)
        figures.push({ name: `${fault}: not measured`, measured: 0, unit: '', note: 'mounting takes root' })
      else figures.push(...describe(fault, faulty), ...compare(fault, faulty, healthy))
    }
    return figures
  },
}

function measure(fault: Fault, seconds: number): Promise<Paced | null> {
  const run = (dir: string) => isolate<Paced>('paced', { dir, fault, seconds, rate: RATE })
  return fault === 'disk-full' ? withSmallDisk(DISK_MIB, run) : withDirectory(run)
}

/** Clock reads are in the latencies; alone they say how much of the tail is the machine's. */
function describe(state: string, { clock, scalar, row, ...rest }: Paced): Figure[] {
  const tail = ({ p50, p999, max }: Latencies) => `p50 ${p50} us, p99.9 ${p999} us, max ${Math.round(max)} us`
  const noise = `two clock reads alone: p99.9 ${clock.p999} us, max ${Math.round(clock.max)} us`
  const { dropped, collections, longestCollectionMs } = rest
  return [
    {
      name: `${state}: scalar.log p99`,
      measured: scalar.p99,
      unit: 'us',
      target: { atMost: 2 },
      note: tail(scalar),
    },
    {
      name: `${state}: scalar.log p99.9`,
      measured: scalar.p999,
      unit: 'us',
      target: { atMost: 10 },
      note: noise,
    },
    { name: `${state}: run.log p99`, measured: row.p99, unit: 'us', target: { atMost: 2 }, note: tail(row) },
    {
      name: `${state}: run.log p99.9`,
      measured: row.p999,
      unit: 'us',
      target: { atMost: 10 },
      note: `${dropped} dropped; ${collections} collections, longest ${longestCollectionMs.toFixed(1)} ms`,
    },
  ]
}

function compare(fault: Fault, faulty: Paced, healthy: Paced): Figure[] {
  const of = (part: 'scalar' | 'row', quantile: 'p50' | 'p99') =>
    faulty[part][quantile] / healthy[part][quantile]
  return [
    { name: `${fault}: scalar.log p50 to healthy`, measured: of('scalar', 'p50'), unit: 'x' },
    { name: `${fault}: scalar.log p99 to healthy`, measured: of('scalar', 'p99'), unit: 'x' },
    { name: `${fault}: run.log p99 to healthy`, measured: of('row', 'p99'), unit: 'x' },
  ]
}
