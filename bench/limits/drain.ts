import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Figure, Measured } from '../benchmark.js'
import type { BarChart } from '../chart.js'
import { withDirectory } from '../directory.js'
import { isolate } from '../isolate.js'
import { median } from '../statistics.js'

/** Bytes per millisecond, by round. */
interface Speeds {
  readonly drain: readonly number[]
  readonly memoryCopy: readonly number[]
  readonly ringCopy: readonly number[]
  readonly findFrames: readonly number[]
  readonly checksum: readonly number[]
  readonly write: readonly number[]
}

/** What a file system in memory is called on Linux. */
const MEMORY = '/dev/shm'

/** The drain from a full ring to a file in memory, beside a copy of the same bytes; and where its time goes. */
export async function drainFigures(quick: boolean): Promise<Measured> {
  const figures: Figure[] = []
  const charts: BarChart[] = []
  for (const metrics of [10, 1] as const) {
    const { speeds, where } = await inMemory((dir) =>
      isolate<Speeds>('limits-drain', { dir, metrics, rounds: quick ? 5 : 40 }),
    )
    const rows = `rows of ${metrics}`
    const note = `${perSecond(speeds.drain)} of ${perSecond(speeds.memoryCopy)} GB/s; ${where}`
    figures.push({
      name: `drain, ${rows}: a copy of the same bytes is faster by`,
      measured: median(speeds.memoryCopy.map((speed, round) => speed / speeds.drain[round]!)),
      unit: 'x',
      target: { atMost: 2 },
      note,
    })
    const parts = partsOf(speeds)
    const all = parts.map(({ name, value }) => `${name} ${value.toFixed(0)}`).join(', ')
    figures.push({
      name: `... of its parts alone: faster by`,
      measured: median(speeds.drain.map((_, round) => wholeOf(speeds, round) / partSum(speeds, round))),
      unit: 'x',
      note: `us per MB: ${all}`,
    })
    charts.push({
      kind: 'bars',
      title: `Where the drain's time goes, ${rows}`,
      unit: 'us per MB',
      note: 'Each part alone on the same bytes; the rest is what they cost together beyond that.',
      bars: parts,
    })
  }
  return { figures, charts }
}

const perSecond = (speeds: readonly number[]): string => (median(speeds) / 1e6).toFixed(2)

const wholeOf = ({ drain }: Speeds, round: number): number => 1 / drain[round]!

const PARTS = {
  'find frames': 'findFrames',
  'copy out of the ring': 'ringCopy',
  checksum: 'checksum',
  write: 'write',
} as const satisfies { readonly [name: string]: keyof Speeds }
const NAMES = Object.keys(PARTS) as (keyof typeof PARTS)[]

const partSum = (speeds: Speeds, round: number): number =>
  NAMES.reduce((sum, name) => sum + 1 / speeds[PARTS[name]][round]!, 0)

function partsOf(speeds: Speeds): { name: string; value: number }[] {
  const rounds = speeds.drain.map((_, round) => round)
  const microseconds = (of: (round: number) => number): number => median(rounds.map(of)) * 1e9
  return [
    ...NAMES.map((name) => ({ name, value: microseconds((round) => 1 / speeds[PARTS[name]][round]!) })),
    { name: 'rest', value: microseconds((round) => wholeOf(speeds, round) - partSum(speeds, round)) },
  ]
}

/** Calls `body` with a directory in memory where there is such a file system, else with a usual one. */
async function inMemory(body: (dir: string) => Promise<Speeds>): Promise<{ speeds: Speeds; where: string }> {
  try {
    accessSync(MEMORY, constants.W_OK)
  } catch {
    return { speeds: await withDirectory(body), where: 'file in the page cache' }
  }
  const dir = mkdtempSync(path.join(MEMORY, 'offstep-bench-'))
  try {
    return { speeds: await body(dir), where: 'file in memory' }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
