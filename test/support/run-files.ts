import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { JournalReader } from '../../dist/src/journal/reader.js'
import type { RunFile } from '../../dist/src/store/run-file.js'
import { readEvents } from '../unit/support/event-files.js'

/** One record as a file holds it. */
export interface FoundRow {
  readonly producer: number
  readonly sequence: number
  readonly step: number
  readonly values: { readonly [name: string]: number }
}

/** Every record of the journal, in its order. */
export function journalRows(runDir: string): FoundRow[] {
  const reader = new JournalReader(join(runDir, 'journal'))
  const rows: FoundRow[] = []
  for (let batch = reader.read(); batch !== null; batch = reader.read()) {
    for (let row = 0; row < batch.count; row++) {
      const values: Record<string, number> = {}
      for (let slot = batch.offsets[row]!; slot < batch.offsets[row + 1]!; slot++) {
        values[batch.names[batch.keys[slot]!]!] = batch.values[slot]!
      }
      const [producer, sequence, step] = [batch.producers[row]!, batch.sequences[row]!, batch.steps[row]!]
      rows.push({ producer, sequence, step, values })
    }
  }
  expect(reader.lost).toBe(0)
  reader.close()
  return rows
}

const lines = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1)

export function jsonlRows(runDir: string): FoundRow[] {
  return lines(join(runDir, 'metrics.jsonl')).map((line) => {
    const { step, timestamp: _, elapsed: __, producer, sequence, ...values } = JSON.parse(line)
    return { producer, sequence, step, values }
  })
}

export function csvRows(runDir: string): FoundRow[] {
  const [header, ...rest] = lines(join(runDir, 'metrics.csv'))
  const names = header!.split(',')
  return rest.map((line) => {
    const cells = line.split(',')
    const found = Object.fromEntries(names.flatMap((name, i) => (cells[i] ? [[name, Number(cells[i])]] : [])))
    const { step, timestamp: _, elapsed: __, producer, sequence, ...values } = found
    return { producer: producer!, sequence: sequence!, step: step!, values }
  })
}

/** `tag@step=value` per directory of event files, in order; a torn or damaged file throws. */
export function tensorboardPoints(runDir: string): { [directory: string]: string[] } {
  const root = join(runDir, 'tensorboard')
  if (!existsSync(root)) return {}
  const points: Record<string, string[]> = {}
  const inside = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const name of ['', ...inside.map((entry) => entry.name)]) {
    const events = readEvents(join(root, name)).flat()
    const found = events.flatMap(({ step, scalars }) =>
      scalars.map(({ tag, value }) => `${tag}@${step}=${value}`),
    )
    if (found.length > 0) points[name] = found
  }
  return points
}

export function readJson<T = Record<string, unknown>>(runDir: string, name: string): T {
  return JSON.parse(readFileSync(join(runDir, name), 'utf8')) as T
}

export const runFile = (runDir: string): RunFile => readJson<RunFile>(runDir, 'run.json')

export const ids = (rows: readonly FoundRow[]): string[] =>
  rows.map(({ producer, sequence }) => `${producer}:${sequence}`)

/** How many rows of each producer there are; each must be 0, 1, 2 ... without a gap or a repetition. */
export function countPerProducer(rows: readonly FoundRow[]): number[] {
  const counts: number[] = []
  for (const { producer, sequence } of rows) {
    const expected = counts[producer] ?? 0
    // Not expect(): there may be millions of them.
    if (sequence !== expected) expect({ producer, sequence }).toEqual({ producer, sequence: expected })
    counts[producer] = sequence + 1
  }
  return counts
}

/** Each row of the fixtures: its step is its number, and so is its value, moved by the producer. */
export const numberOf = (producer: number, step: number): number => producer * 1_000_000 + step

/** The journal holds rows 0 .. count - 1 of producer 0, each once, whole and in order. */
export function expectJournal(runDir: string, count: number): void {
  const rows = journalRows(runDir)
  expect(countPerProducer(rows)).toEqual(count === 0 ? [] : [count])
  const wrong = rows.filter(({ step, producer, values }) => values.value !== numberOf(producer, step))
  expect(wrong).toEqual([])
}

/** Every destination holds what the journal holds: each record once, in order. */
export function expectDelivered(runDir: string): FoundRow[] {
  const rows = journalRows(runDir)
  countPerProducer(rows)
  if (rows.length === 0) return rows
  expectSame('metrics.jsonl', jsonlRows(runDir), rows)
  expectSame('metrics.csv', csvRows(runDir), rows)
  const names = new Map(runFile(runDir).producers.map(({ id, name }) => [id, id === 0 ? '' : name]))
  const expected: Record<string, string[]> = {}
  for (const { producer, step, values } of rows) {
    const directory = names.get(producer)!
    expected[directory] ??= []
    for (const [tag, value] of Object.entries(values)) expected[directory].push(`${tag}@${step}=${value}`)
  }
  const found = tensorboardPoints(runDir)
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort())
  for (const name of Object.keys(expected)) expectSame(`tensorboard/${name}`, found[name]!, expected[name]!)
  const summary = readJson<{ rows: number; status: string }>(runDir, 'summary.json')
  expect(summary).toMatchObject({ rows: rows.length, status: runFile(runDir).status })
  return rows
}

/** Names the first difference only: a diff of a hundred thousand rows helps nobody. */
function expectSame(where: string, found: readonly unknown[], expected: readonly unknown[]): void {
  const text = (row: unknown) => JSON.stringify(row)
  const index = expected.findIndex((row, i) => text(row) !== text(found[i]))
  const at = index < 0 ? Math.min(found.length, expected.length) : index
  expect({ where, at, count: found.length, row: found[at] }).toEqual({
    where,
    at,
    count: expected.length,
    row: expected[at],
  })
}
