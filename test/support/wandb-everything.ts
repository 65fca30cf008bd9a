import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { MediaFile, MediaRecord } from '../../src/record/media.js'
import { type RowLiteral, START_TIME } from '../unit/support/batches.js'

/** A file of the run directory, as the pool threads leave it. */
function fileOf(runDir: string, path: string, content: Uint8Array): MediaFile {
  const file = join(runDir, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }
}

export const PICTURE = readFileSync(join(import.meta.dirname, '..', 'interop', 'support', 'picture.png'))
export const NOTES = Buffer.from('saved by the user\n')
export const WEIGHTS = { 'a/one.bin': Buffer.alloc(100_000, 7), 'two.txt': Buffer.from('two') }

const md5 = (content: Uint8Array): string => createHash('md5').update(content).digest('base64')

/** Rows, media and every kind of update: what a run can tell. Step and second count up with the rows. */
export function everything(runDir: string): RowLiteral[] {
  const picture = fileOf(runDir, 'media/images/ab/picture.png', PICTURE)
  const notes = fileOf(runDir, 'artifacts/files/notes', NOTES)
  const entries = Object.entries(WEIGHTS).map(([path, content]) => ({
    path,
    file: fileOf(runDir, `artifacts/files/${path.replace('/', '-')}`, content),
    md5: md5(content),
  }))
  const records: readonly (readonly [step: number, record: MediaRecord])[] = [
    [
      0,
      {
        kind: 'config',
        name: 'config',
        producer: 0,
        value: { values: { lr: 0.2, layers: [1, { units: 8 }] } },
      },
    ],
    [0, { kind: 'metric', name: 'epoch', producer: 0, value: {} }],
    [0, { kind: 'metric', name: 'val/*', producer: 0, value: { stepMetric: 'epoch', stepSync: true } }],
    [
      0,
      {
        kind: 'metric',
        name: 'acc',
        producer: 0,
        value: { summary: ['max'], goal: 'maximize', hidden: true },
      },
    ],
    [
      1,
      {
        kind: 'image',
        name: 'samples/one',
        producer: 0,
        value: { format: 'png', width: 1, height: 1 },
        file: picture,
      },
    ],
    [
      1,
      {
        kind: 'histogram',
        name: 'weights',
        producer: 0,
        value: {
          edges: [0, 1, 2],
          counts: [3, 4],
          min: 0,
          max: 2,
          mean: 1,
          std: 1,
          finite: 7,
          nan: 0,
          infinite: 0,
        },
      },
    ],
    [
      2,
      {
        kind: 'table',
        name: 'table',
        producer: 0,
        value: {
          columns: ['a', 'b'],
          rows: [
            [1, 'x'],
            [null, true],
          ],
        },
      },
    ],
    [2, { kind: 'text', name: 'said', producer: 0, value: { text: 'hello *you*' } }],
    [
      2,
      {
        kind: 'console',
        name: 'console',
        producer: 0,
        value: consoleOf('stdout', ['first line', '', 'grüße 100 %']),
      },
    ],
    [2, { kind: 'console', name: 'console', producer: 0, value: consoleOf('stderr', ['a warning']) }],
    [
      2,
      {
        kind: 'system',
        name: 'system',
        producer: 0,
        value: { values: { cpu: 12.5, 'proc.memory.rssMB': 80 } },
      },
    ],
    [3, { kind: 'system', name: 'system', producer: 0, value: { values: { cpu: 50, 'gpu.0.gpu': 99 } } }],
    [
      3,
      {
        kind: 'alert',
        name: 'Loss is NaN',
        producer: 0,
        value: { title: 'Loss is NaN', text: 'at 3', level: 'warn', waitMs: 60_000 },
      },
    ],
    [
      3,
      {
        kind: 'file',
        name: 'docs/notes.txt',
        producer: 0,
        value: { source: '/home/me/notes.txt' },
        file: notes,
      },
    ],
    [
      3,
      {
        kind: 'artifact',
        name: 'model',
        producer: 0,
        value: { type: 'model', description: 'the best', metadata: { epoch: 3 }, aliases: ['best'], entries },
      },
    ],
    [
      4,
      {
        kind: 'summary',
        name: 'summary',
        producer: 0,
        value: { values: { best: 'NaN', note: 'done' }, removed: ['said'] },
      },
    ],
    [4, { kind: 'config', name: 'config', producer: 0, value: { values: { lr: 0.3 } } }],
  ]
  const rows = [0, 1, 2, 3, 4].map((step) => ({
    step,
    metrics: {
      loss: 1 / (step + 1),
      acc: [0.1, 0.9, 0.5, 0.4, 0.3][step]!,
      epoch: step >> 1,
      'val/loss': step,
    },
  }))
  const calls = [...rows, ...records.map(([step, media]) => ({ step, media }))]
  return calls
    .sort((a, b) => a.step - b.step)
    .map((call, index) => ({ ...call, time: START_TIME + call.step * 1000 + index }))
}

const consoleOf = (stream: 'stdout' | 'stderr', lines: readonly string[]) => ({
  stream,
  lines: lines.map((text, index) => ({ time: START_TIME + 2000 + index, text })),
})
