import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { MediaRecord } from '../record/media.js'
import { plainRunFile } from '../store/plain-run-file.js'
import { writeRunFile } from '../store/run-file.js'
import { TestJournal } from './journal.js'

/** Rows of numbers; some more are records. */
const ROWS = 60
const START_TIME = 1_732_000_000_000

/** What a run of any program may log: names that need care, every kind of number, media and updates between rows. */
export function makeRun(runDir: string, rows = ROWS): void {
  mkdirSync(runDir, { recursive: true })
  writeRunJson(runDir)
  const journal = new TestJournal(runDir, 2)
  const records = rows === 0 ? [] : recordsIn(runDir)
  for (let step = 0; step < rows; step++) {
    journal.row(step % 3 === 2 ? 1 : 0, valuesAt(step), step)
    const record = step % 7 === 3 ? records.shift() : undefined
    if (record !== undefined) journal.record(record, step, START_TIME + step)
  }
  journal.close()
}

function valuesAt(step: number): { [name: string]: number | bigint } {
  const common = { 'train/loss': 1 / (step + 1), lr: 3e-4 }
  switch (step % 10) {
    case 1:
      return { ...common, 'odd: "name", with\nbreak': step }
    case 2:
      return { ' ': 1, Genauigkeit_ü_日本: 0.5 }
    case 3:
      return { 'train/loss': Number.NaN, up: Number.POSITIVE_INFINITY, down: Number.NEGATIVE_INFINITY }
    case 4:
      return { ...common, zero: -0, tiny: Number.MIN_VALUE, large: Number.MAX_VALUE }
    case 5:
      return { tokens: 9_007_199_254_740_993n }
    case 6:
      // A metric by the name of a field that most destinations have.
      return { step: 5, timestamp: 6 }
    default:
      return common
  }
}

function recordsIn(runDir: string): MediaRecord[] {
  const head = { producer: 0 } as const
  return [
    { ...head, kind: 'text', name: 'sample', value: { text: 'once\nupon "a" time' } },
    { ...head, kind: 'config', name: 'config', value: { values: { lr: 3e-4, model: { layers: 2 } } } },
    consoleRecord('epoch 1'),
    {
      ...head,
      kind: 'image',
      name: 'a picture',
      value: { format: 'png', width: 1, height: 1 },
      file: pixel(runDir),
    },
    { ...head, kind: 'metric', name: 'train/*', value: { stepMetric: 'step', summary: ['min'] } },
    {
      ...head,
      kind: 'alert',
      name: 'alert',
      value: { title: 'Loss', text: 'is high', level: 'warn', waitMs: 0 },
    },
    { ...head, kind: 'summary', name: 'summary', value: { values: { best: 0.5 }, removed: [] } },
    consoleRecord('the end'),
  ]
}

const consoleRecord = (text: string): MediaRecord => ({
  kind: 'console',
  name: 'console',
  producer: 0,
  value: { stream: 'stdout', lines: [{ time: START_TIME, text }] },
})

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

function pixel(runDir: string): { path: string; bytes: number; sha256: string } {
  const bytes = Buffer.from(PIXEL, 'base64')
  const file = 'media/images/pixel.png'
  mkdirSync(path.join(runDir, 'media/images'), { recursive: true })
  writeFileSync(path.join(runDir, file), bytes)
  return { path: file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function writeRunJson(runDir: string): void {
  const known = { id: 'sink-test', project: 'sink-testkit', status: 'running' } as const
  const startTime = new Date(START_TIME).toISOString()
  writeRunFile(runDir, plainRunFile({ ...known, startTime, config: { lr: 3e-4 }, producers: [] }))
}

/** When the run began, in milliseconds since the epoch. */
export const startTime = START_TIME
