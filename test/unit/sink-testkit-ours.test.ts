/** Every built-in sink that needs no server keeps the contract that the kit tests. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'vitest'
import { describeSink, type JournalRow, type Place } from '../../dist/src/sink-testkit/index.js'
import { decodeMessage, readPayloads } from '../support/wandb-log.js'
import { readPoints } from './support/event-files.js'

const KILLS = Number(process.env.OFFSTEP_TESTKIT_KILLS ?? 3)
const textOf = ({ runDir }: Place, name: string) => readFileSync(join(runDir, name), 'utf8')
const linesOf = (place: Place, name: string) => textOf(place, name).split('\n').slice(0, -1)

const special: { readonly [text: string]: number } = { NaN: Number.NaN, Infinity, '-Infinity': -Infinity }
const numberOf = (value: unknown): unknown => (typeof value === 'string' ? (special[value] ?? value) : value)

describeSink(test, 'jsonl', {
  sink: 'jsonl',
  kills: KILLS,
  read: (place) =>
    linesOf(place, 'metrics.jsonl').map((line) => {
      const { timestamp: _, elapsed: __, ...row } = JSON.parse(line)
      return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, numberOf(value)]))
    }),
  expected: ({ producer, sequence, step, values, media }) => {
    const own = (name: string) => (['step', 'timestamp'].includes(name) ? `metrics/${name}` : name)
    const named = Object.entries(values).map(([name, value]) => [own(name), value])
    const held = media && { [media.name]: { type: media.kind, ...media.value, ...media.file } }
    return [{ step, producer, sequence, ...Object.fromEntries(named), ...held }]
  },
  count: (place) => linesOf(place, 'metrics.jsonl').length,
})

describeSink(test, 'csv', {
  sink: 'csv',
  kills: KILLS,
  read: (place) => [textOf(place, 'metrics.csv')],
  expected: 'as-undisturbed',
})

describeSink(test, 'log', {
  sink: { type: 'log', maxLinesPerSecond: 0 },
  kills: KILLS,
  read: (place) => linesOf(place, 'output.log').map((line) => line.slice(25)),
  expected: ({ media }: JournalRow) => {
    if (media?.kind === 'alert') return ['warn   alert: Loss: is high']
    return media?.kind === 'console' ? media.value!.lines.map(({ text }) => `stdout ${text}`) : []
  },
})

describeSink(test, 'tensorboard', {
  sink: 'tensorboard',
  kills: KILLS,
  read: (place) => pointsIn(join(place.runDir, 'tensorboard')),
  expected: 'as-undisturbed',
})

/** Of all producers, each in its own directory. */
function pointsIn(directory: string): string[] {
  if (!existsSync(directory)) return []
  const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const deeper = below.flatMap(({ name }) =>
    pointsIn(join(directory, name)).map((point) => `${name}/${point}`),
  )
  return [...readPoints(directory), ...deeper.sort()]
}

describeSink(test, 'console', {
  sink: { type: 'console', everySteps: 1e9, stream: 'stderr' },
  kills: KILLS,
  read: () => [],
  expected: () => [],
})

describeSink(test, 'summary', {
  sink: 'summary',
  kills: KILLS,
  read: (place) => {
    const { updated: _, ...summary } = JSON.parse(textOf(place, 'summary.json'))
    return [summary]
  },
  expected: 'as-undisturbed',
})

describeSink(test, 'wandb offline', {
  sink: { type: 'wandb', mode: 'offline' },
  kills: KILLS,
  read: (place) => wandbLog(place),
  ordered: false,
  expected: 'as-undisturbed',
})

/** The records of the log, without their numbers: their order depends on the batches. */
function wandbLog({ runDir }: Place): string[] {
  const parent = join(runDir, 'wandb')
  const [directory] = existsSync(parent) ? readdirSync(parent) : []
  if (directory === undefined) return []
  const file = readdirSync(join(parent, directory)).find((name) => name.endsWith('.wandb'))!
  return readPayloads(readFileSync(join(parent, directory, file))).map((bytes) => {
    const fields = [...decodeMessage(bytes)].filter(([field]) => field !== 1)
    return fields
      .map(
        ([field, values]) =>
          `${field}:${values.map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : value))}`,
      )
      .join()
  })
}
