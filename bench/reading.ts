import { rmSync } from 'node:fs'
import path from 'node:path'
import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'
import { memoryOf, offstep } from './reading/command.js'
import { type LargeRun, runsOf } from './reading/runs.js'
import { median } from './statistics.js'

interface Next {
  readonly plots: readonly number[]
  readonly series: readonly number[]
  readonly memory: number
}

const FIRST_CHART_MS = 1000
const MEMORY_MB = 300
const PLOTS_MS = 2000

export const reading: Benchmark = {
  name: 'reading',
  about: 'the command line on 1,000 runs, and on runs of ten million points: whole processes',
  scopes: ['reading'],
  async run({ quick }: Settings): Promise<Figure[]> {
    const points = Number(process.env.OFFSTEP_BENCH_POINTS) || (quick ? 200_000 : 10_000_000)
    const runs = runsOf(points, quick ? 50 : 1000)
    const rounds = quick ? 1 : 7
    return withDirectory(async (dir) => {
      await isolate('reading-make', { dir, runs })
      const [finished, killedTen, killedOne, plotted] = runs.large as [LargeRun, LargeRun, LargeRun, LargeRun]
      const at = ({ id }: LargeRun): string => path.join(dir, 'large', 'bench', id)
      return [
        ...(await listing(path.join(dir, 'many'), runs.small.count, rounds)),
        await firstChart('killed, rows of 10', at(killedTen), killedTen.points, rounds, true),
        await firstChart('killed, rows of 1', at(killedOne), killedOne.points, rounds, true),
        await firstChart('finished', at(finished), finished.points, rounds, false),
        ...(await nextCharts(dir, at(finished))),
        ...(await memory(at(finished), at(killedOne))),
        ...(await exported(at(finished), finished.points, Math.ceil(rounds / 2))),
        await allPlots(at(plotted), plotted.points, rounds, true),
        await allPlots(at(finished), finished.points, rounds, false),
      ]
    })
  },
}

/** Times `args` so often; `before` is not timed. */
async function time(args: readonly string[], rounds: number, before: () => void = () => {}) {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    before()
    times.push((await offstep(args)).ms)
  }
  return { ms: median(times), spread: spreadOf(times, 'ms') }
}

const spreadOf = (values: readonly number[], unit: string): string =>
  `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)} ${unit} in ${values.length}`

const removeIndex = (runDir: string): void =>
  rmSync(path.join(runDir, 'index'), { recursive: true, force: true })

async function listing(dir: string, count: number, rounds: number): Promise<Figure[]> {
  const listed = JSON.parse((await offstep(['list', '--dir', dir, '--json'])).stdout) as { id: string }[]
  const small = listed.filter(({ id }) => id.startsWith('run-')).length
  if (small !== count) throw new Error(`${small} of ${count} runs were listed`)
  const plain = ['list', '--dir', dir]
  const { ms, spread } = await time(plain, rounds)
  const filter = [
    '--filter',
    'config.lr < 1e-2 and summary."val/loss".min < 5',
    '--sort',
    'summary."val/loss"',
  ]
  const filtered = await time([...plain, ...filter], rounds)
  const target = { atMost: 300 }
  return [
    { name: `offstep list of ${count} runs`, measured: ms, unit: 'ms', target, note: spread },
    {
      name: '... filtered and sorted by a summary',
      measured: filtered.ms,
      unit: 'ms',
      target,
      note: filtered.spread,
    },
  ]
}

/** From the start of the process to the PNG on the disk. */
async function firstChart(
  what: string,
  runDir: string,
  points: number,
  rounds: number,
  withoutIndex: boolean,
): Promise<Figure> {
  const args = chart(runDir)
  // Where a run has ended, finish() has drawn its plots, and so made the index.
  if (!withoutIndex) await offstep(args)
  const { ms, spread } = await time(args, rounds, () => withoutIndex && removeIndex(runDir))
  return {
    name: `first chart of ${points.toLocaleString('en')} points, ${what}`,
    measured: ms,
    unit: 'ms',
    target: { atMost: FIRST_CHART_MS },
    note: `${withoutIndex ? 'no index; ' : 'with its index; '}${spread}`,
  }
}

const chart = (runDir: string): string[] => [
  'plot',
  runDir,
  '--metric',
  'train/loss',
  '--out',
  path.join(runDir, 'chart.png'),
]

async function nextCharts(dir: string, runDir: string): Promise<Figure[]> {
  const { plots, series, memory } = await isolate<Next>('reading-next', { dir, runDir })
  return [
    {
      name: 'a next chart of it, in one process',
      measured: median(plots),
      unit: 'ms',
      target: { atMost: 100 },
      note: `PNG by offstep/plots; ${spreadOf(plots, 'ms')}; ${(memory / 1e6).toFixed(0)} MB`,
    },
    {
      name: '... its points alone',
      measured: median(series),
      unit: 'ms',
      note: 'run.series() of offstep/store, 1,000 points',
    },
  ]
}

async function memory(finished: string, killed: string): Promise<Figure[]> {
  removeIndex(killed)
  const target = { atMost: MEMORY_MB }
  const unit = 'MB'
  return [
    { name: 'memory of a chart, with the index', measured: await memoryOf(chart(finished)), unit, target },
    { name: '... without one', measured: await memoryOf(chart(killed)), unit, target },
  ]
}

async function exported(runDir: string, points: number, rounds: number): Promise<Figure[]> {
  const args = ['export', runDir, '--out', path.join(runDir, 'export.parquet'), '--json']
  const told = JSON.parse((await offstep(args)).stdout) as { points: number }
  if (told.points !== points) throw new Error(`${told.points} of ${points} points were exported`)
  const { ms, spread } = await time(args, rounds)
  return [
    {
      name: 'offstep export to Parquet',
      measured: points / ms / 1000,
      unit: 'M points/s',
      target: { atLeast: 1 },
      note: `long table; ${spread}`,
    },
    { name: '... its memory', measured: await memoryOf(args), unit: 'MB', target: { atMost: MEMORY_MB } },
  ]
}

async function allPlots(
  runDir: string,
  points: number,
  rounds: number,
  withoutIndex: boolean,
): Promise<Figure> {
  const args = ['plot', runDir, '--theme', 'light', '--out', path.join(runDir, 'plots')]
  const { ms, spread } = await time(args, rounds, () => withoutIndex && removeIndex(runDir))
  return {
    name: `standard plots of ${points.toLocaleString('en')} points`,
    measured: ms,
    unit: 'ms',
    target: { atMost: PLOTS_MS },
    note: `${withoutIndex ? 'no index; ' : 'with its index; '}${spread}`,
  }
}
