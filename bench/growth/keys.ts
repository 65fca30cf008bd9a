import type { Measured, Settings } from '../benchmark.js'
import { withDirectory } from '../directory.js'
import { isolate } from '../isolate.js'
import { exponent } from '../statistics.js'
import { curve, exponentFigure, growthOf } from './rounds.js'

const KEYS = [1, 10, 100, 1000, 10_000] as const
/** Linear: the cost per scalar does not grow. */
const LINEAR = 1.05
/** Object.keys() alone grows alike; from 1,021 properties on V8 keeps them in a hash table, in no order. */
const WHY = 'no tracker: V8 sorts the names of an object of more than 1,020 each time'

export async function byKeys({ quick }: Settings): Promise<Measured> {
  const bursts = quick ? 5 : 100
  const growth = await growthOf(KEYS, quick ? 1 : 5, (keys) =>
    withDirectory((dir) => isolate<{ logNs: number; readNs: number }>('growth-keys', { dir, keys, bursts })),
  )
  const row = curve(growth, 'logNs')
  const read = curve(growth, 'readNs')
  return {
    figures: [
      ...growth.map(([keys, { logNs, readNs }]) => ({
        name: `run.log of ${keys.toLocaleString('en')} keys`,
        measured: logNs / keys,
        unit: 'ns a scalar',
        note: `reading the object by name alone ${(readNs / keys).toFixed(1)} ns`,
      })),
      exponentFigure('run.log by keys', row, LINEAR),
      exponentFigure(
        'run.log by keys, above its fixed part',
        row.slice(2),
        LINEAR,
        `reading the object by name alone: ${exponent(read.slice(2)).toFixed(2)}`,
      ),
      exponentFigure('reading the object, above its fixed part', read.slice(2), undefined, WHY),
    ],
    charts: [
      {
        kind: 'curves',
        title: 'run.log as the keys of a row grow',
        x: 'keys a row',
        y: 'ns a row',
        lines: [
          { name: 'run.log', points: row },
          { name: 'bare reading of the object by name', points: read },
        ],
      },
    ],
  }
}
