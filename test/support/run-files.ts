import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
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

/** Every destination that the run has holds what the journal holds: each record once, in order. */
export function expectDelivered(runDir: string): FoundRow[] {
  const rows = journalRows(runDir)
  countPerProducer(rows)
  if (rows.length === 0) return rows
  const { sinks, status } = runFile(runDir)
  const has = (sink: string): boolean => sinks.some(({ name }) => name === sink)
  if (has('jsonl')) expectSame('metrics.jsonl', jsonlRows(runDir), rows)
  if (has('csv')) expectSame('metrics.csv', csvRows(runDir), rows)
  if (has('tensorboard')) expectPoints(runDir, rows)
  if (has('picky')) expectPicky(runDir, rows)
  const summary = readJson<{ rows: number; status: string }>(runDir, 'summary.json')
  expect(summary).toMatchObject({ rows: rows.length, status })
  return rows
}

function expectPoints(runDir: string, rows: readonly FoundRow[]): void {
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
}

/** The fixture `kill/picky.mjs` refuses each tenth row: those are dead letters, and it has the others. */
function expectPicky(runDir: string, rows: readonly FoundRow[]): void {
  const refused = rows.filter(({ sequence }) => sequence % 10 === 9)
  const taken = rows.filter(({ sequence }) => sequence % 10 !== 9)
  expectSame('picky.txt', lines(join(runDir, 'picky.txt')), ids(taken))
  const file = join(runDir, 'dead-letter', 'picky.jsonl')
  const letters = existsSync(file) ? lines(file).map((line) => JSON.parse(line) as FoundRow) : []
  expectSame('dead-letter/picky.jsonl', ids(letters), ids(refused))
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

/** Checksums of all files of a run but its locks: equal before and after what must change nothing. */
export function contentsOf(runDir: string): { [file: string]: string } {
  const found: Record<string, string> = {}
  for (const entry of readdirSync(runDir, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(runDir, path)
    if (!entry.isFile() || name.startsWith('lock')) continue
    found[name] = createHash('sha256').update(readFileSync(path)).digest('hex')
  }
  return found
}
