import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { median } from './statistics.js'
import { faultFigures } from './wandb-faults.js'
import { startProgram } from './wandb-program.js'
import { BenchServer, type ServerCounts } from './wandb-server.js'

interface Rows {
  readonly totalMs: number
  readonly finishMs: number
  readonly reached: boolean
  readonly dropped: number
  /** Bytes, ten times a second. */
  readonly rss: readonly number[]
}

interface Measured extends Rows {
  readonly counts: ServerCounts
}

const MIB = 2 ** 20
const FINISH_MS = 2000
const LONG_MS = 120_000

export const wandb: Benchmark = {
  name: 'wandb',
  about: 'rows to a W&B server on loopback: speed, a replayed outage, deadlines, and @wandb/sdk under faults',
  scopes: ['delivery'],
  async run(settings: Settings): Promise<Figure[]> {
    return [
      ...(await delivery(settings)),
      ...(await outage(settings)),
      ...(await deadlines(settings)),
      ...(await faultFigures(settings)),
    ]
  },
}

async function delivery({ quick }: Settings): Promise<Figure[]> {
  const rows = quick ? 20_000 : 100_000
  const { totalMs, counts } = await measure({ rows, finishMs: LONG_MS })
  const note = `init() to the end of finish(); ${(counts.bytes / MIB).toFixed(0)} MiB of JSON`
  return [
    {
      name: `${number(rows)} rows of 10 scalars`,
      measured: totalMs / 1000,
      unit: 's',
      target: { atMost: 10 },
      note,
    },
    arrived('of them at the server', counts.rows, rows),
  ]
}

/** Everything is in the journal when the server comes. */
async function outage({ quick }: Settings): Promise<Figure[]> {
  const rows = Number(process.env.OFFSTEP_BENCH_ROWS) || (quick ? 100_000 : 1_000_000)
  const { counts, rss } = await measure({ rows, finishMs: LONG_MS, outage: true })
  const seconds = (counts.lastAt - counts.firstAt) / 1000
  return [
    {
      name: 'after an outage: speed',
      measured: rows / seconds,
      unit: 'rows/s',
      note: `${number(rows)} rows in ${seconds.toFixed(0)} s, ${(counts.bytes / MIB).toFixed(0)} MiB of JSON`,
    },
    arrived('after an outage: rows', counts.rows, rows),
    {
      name: 'after an outage: memory growth',
      measured: (median(third(rss, 2)) - median(third(rss, 1))) / MIB,
      unit: 'MiB',
      target: { atMost: 20 },
      note: 'median of the last third of the samples, less that of the middle third',
    },
    {
      name: 'after an outage: most memory',
      measured: Math.max(...rss) / MIB,
      unit: 'MiB',
      note: `${(rss[0]! / MIB).toFixed(0)} MiB when the server came`,
    },
  ]
}

const third = (values: readonly number[], which: 0 | 1 | 2): readonly number[] => {
  const length = Math.ceil(values.length / 3)
  return values.slice(which * length, (which + 1) * length)
}

async function deadlines({ quick }: Settings): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const rows of quick ? [1000, 100_000] : [1000, 100_000, 1_000_000]) {
    const { finishMs } = await measure({ rows, finishMs: FINISH_MS, hangs: true })
    figures.push({
      name: `finish() with ${number(rows)} rows and a server that hangs`,
      measured: finishMs / 1000,
      unit: 's',
      target: { atMost: (FINISH_MS + 500) / 1000 },
      note: `deadline ${FINISH_MS / 1000} s`,
    })
  }
  return figures
}

interface Wanted {
  readonly rows: number
  readonly finishMs: number
  readonly outage?: boolean
  readonly hangs?: boolean
}

function measure({ rows, finishMs, outage = false, hangs = false }: Wanted): Promise<Measured> {
  return withDirectory((dir) =>
    BenchServer.use(async (server) => {
      if (outage) await server.refuse()
      if (hangs) await server.fail([], true)
      const program = startProgram<Rows>('wandb-rows', { dir, rows, finishMs, outage }, server.env)
      if (outage) await Promise.race([program.told, program.result]).then(() => server.listen())
      const result = await program.result
      if (result === null) throw new Error('The program "wandb-rows" ended without a result')
      if (result.dropped > 0) throw new Error(`${result.dropped} rows did not reach the journal`)
      return { ...result, counts: await server.counts() }
    }),
  )
}

const arrived = (name: string, measured: number, rows: number): Figure => ({
  name,
  measured,
  unit: 'rows',
  target: { atLeast: rows },
})

const number = (value: number): string => value.toLocaleString('en')
