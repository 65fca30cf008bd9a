import fs from 'node:fs'
import type { Figure, Measured, Settings } from '../benchmark.js'
import { withDirectory } from '../directory.js'
import { isolate } from '../isolate.js'
import { curve, exponentFigure, growthOf, type Points } from './rounds.js'

interface Records {
  readonly totalMs: number
  readonly finishMs: number
  readonly memoryBytes: number
}

const SMALL = [1e3, 1e4, 1e5, 1e6] as const
const LARGE = [1e7, 1e8] as const
/** From here on the fixed part, until the drain looks at the ring, is small. */
const WORK_FROM = 1e5
/** One record of one scalar in the journal; and as much again must stay free. */
const RECORD_BYTES = 40
const LONGEST_S = 60
const LINEAR = 1.05
const FLAT = 0.1
const MIB = 2 ** 20

export async function byRecords({ quick }: Settings): Promise<Measured> {
  const small = await growthOf(SMALL, quick ? 1 : 5, measure)
  const large = []
  const figures: Figure[] = []
  for (const records of quick ? [] : LARGE) {
    const { totalMs, finishMs } = (large.at(-1) ?? small.at(-1)!)[1]
    const why = await tooMuch(records, (totalMs + finishMs) / 100)
    if (why === null) large.push([records, await measure(records)] as const)
    else figures.push({ name: `${number(records)} records: not measured`, measured: 0, unit: '', note: why })
  }
  const growth = [...small, ...large]
  const total = curve(growth, 'totalMs')
  const finish = curve(growth, 'finishMs')
  const memory = curve(growth, 'memoryBytes').map(([records, bytes]) => [records, bytes / MIB] as const)
  const worked = (points: Points) => points.filter(([records]) => records >= WORK_FROM)
  return {
    figures: [
      ...growth.map(([records, { totalMs, finishMs, memoryBytes }]) => ({
        name: `${number(records)} records into the journal`,
        measured: (totalMs * 1e6) / records,
        unit: 'ns a record',
        note: `finish() ${finishMs.toFixed(0)} ms, ${(memoryBytes / MIB).toFixed(0)} MiB above bare Node`,
      })),
      ...figures,
      exponentFigure('total time by records', total, LINEAR),
      exponentFigure('total time by records, where work is most of it', worked(total), LINEAR),
      exponentFigure('finish() by records', worked(finish), LINEAR),
      exponentFigure('memory by records', memory, FLAT),
    ],
    charts: [
      {
        kind: 'curves',
        title: 'Time as records grow',
        x: 'records',
        y: 'ms',
        lines: [
          { name: 'from the first call until the journal has the last', points: total },
          { name: 'finish()', points: finish },
        ],
      },
      {
        kind: 'curves',
        title: 'Memory as records grow',
        x: 'records',
        y: 'MiB',
        lines: [{ name: 'most memory above bare Node', points: memory }],
      },
    ],
  }
}

const measure = (records: number): Promise<Records> =>
  withDirectory((dir) => isolate<Records>('growth-records', { dir, records }))

/** Why so many would be: ten times as many records take ten times as long. */
async function tooMuch(records: number, seconds: number): Promise<string | null> {
  if (seconds > LONGEST_S) return `would take about ${seconds.toFixed(0)} s`
  const { bavail, bsize } = await withDirectory(async (dir) => fs.statfsSync(dir))
  const bytes = 2 * RECORD_BYTES * records
  return bavail * bsize >= bytes ? null : `takes ${(bytes / MIB).toFixed(0)} MiB of free disk`
}

const number = (value: number): string => value.toLocaleString('en')
