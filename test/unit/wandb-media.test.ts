import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { MediaRecord, MediaValues } from '../../src/record/media.js'
import { safePath } from '../../src/sinks/media-file-name.js'
import type { WandbFile } from '../../src/sinks/wandb/media/wandb-file.js'
import { temporaryDirectory } from '../support/directory.js'
import { parseLine } from '../support/wandb-server/extended-json.js'
import { type RowLiteral, START_TIME } from './support/batches.js'
import { imageRecord, mediaFile, mediaRow, textRecord } from './support/media-records.js'
import { mergeRun } from './support/wandb-merge.js'

const runDir = temporaryDirectory(afterAll)

const record = <Kind extends keyof MediaValues>(kind: Kind, name: string, value: MediaValues[Kind]) =>
  ({ kind, name, producer: 0, value }) as unknown as MediaRecord

const merge = (...rows: RowLiteral[]) => mergeRun(rows, { runDir })

/** The one line of one media call at step 7, and its files. */
function sent(media: MediaRecord): { readonly value: unknown; readonly files: WandbFile[] } {
  const { texts, files } = merge(mediaRow(media, 7))
  expect(texts).toHaveLength(1)
  return { value: parseLine(texts[0]!)[media.name], files }
}

/** What a file must be, by what its value in the line says of it. */
function expectNamed(value: unknown, [file, ...rest]: WandbFile[]): void {
  const content = file!.read()
  const sha256 = createHash('sha256').update(content).digest('hex')
  expect(rest).toEqual([])
  expect(file).toMatchObject({ step: 7, bytes: content.length, sha256 })
  expect(value).toMatchObject({ path: file!.name, size: content.length, sha256 })
  expect(file!.name).toContain(`_7_${sha256.slice(0, 20)}.`)
}

const jsonOf = (file: WandbFile): unknown => JSON.parse(Buffer.from(file.read()).toString('utf8'))

test('a histogram is a value with its counts and edges', () => {
  const value = { counts: [1, 0, 3], edges: [-1, 0, 1, 2] } as unknown as MediaValues['histogram']
  expect(sent(record('histogram', 'h', value))).toEqual({
    value: { _type: 'histogram', values: [1, 0, 3], bins: [-1, 0, 1, 2] },
    files: [],
  })
})

test('neighbours of a histogram of more than 512 buckets are one, and no count is lost', () => {
  const counts = Array.from({ length: 1300 }, (_, i) => i)
  const edges = Array.from({ length: 1301 }, (_, i) => i / 2)
  const value = { counts, edges } as unknown as MediaValues['histogram']
  const { values, bins } = sent(record('histogram', 'h', value)).value as Record<'values' | 'bins', number[]>
  expect(values.length).toBe(434)
  expect(values[0]).toBe(0 + 1 + 2)
  expect(values.reduce((a, b) => a + b, 0)).toBe((1299 * 1300) / 2)
  expect([bins.length, bins[0], bins[1], bins.at(-1)]).toEqual([435, 0, 1.5, 650])
})

test('a picture is its file as it was logged, and a value that names it', () => {
  const image = imageRecord(runDir, 'samples/dog', Buffer.from('a picture'))
  const { value, files } = sent({ ...image, value: { ...image.value, caption: 'a dog' } })
  expectNamed(value, files)
  expect(value).toMatchObject({ _type: 'image-file', width: 3, height: 2, format: 'png', caption: 'a dog' })
  expect(files[0]!.path).toBe(image.file.path)
  expect(files[0]!.name).toMatch(/^media\/images\/samples\/dog_7_[0-9a-f]{20}\.png$/)
})

test('a sound is its file as it was logged, and a value that names it', () => {
  const file = mediaFile(runDir, 'media/audio/x.wav', Buffer.from('a sound'))
  const value = { format: 'wav', sampleRate: 8000, channels: 1, frames: 3 } as const
  const audio = sent({ kind: 'audio', name: 'voice', producer: 0, value, file })
  expectNamed(audio.value, audio.files)
  expect(audio.value).toMatchObject({ _type: 'audio-file' })
  expect(audio.files[0]!.name).toMatch(/^media\/audio\/voice_7_[0-9a-f]{20}\.wav$/)
})

test('a text is a string, whole', () => {
  const text = `"quoted"\n\u00e9\ud83d\ude00 ${'long '.repeat(50_000)}`
  expect(sent(textRecord('prompt', text))).toEqual({ value: text, files: [] })
})

test('a table is a file of columns and data', () => {
  const rows = [
    [1, true],
    [null, 'x'],
  ]
  const table = { columns: ['id', 'ok'], rows }
  const { value, files } = sent(record('table', 'predictions', table))
  expectNamed(value, files)
  expect(value).toMatchObject({ _type: 'table-file', ncols: 2, nrows: 2 })
  expect(jsonOf(files[0]!)).toEqual({ columns: table.columns, data: rows })
  expect(files[0]!.name).toMatch(/^media\/table\/predictions_7_[0-9a-f]{20}\.table\.json$/)
})

test('NaN and infinities of a table are bare where their column is one of numbers', () => {
  const rows = [
    [1, 'NaN'],
    ['NaN', 'text'],
    ['-Infinity', 'x'],
  ]
  const { files } = sent(record('table', 't', { columns: ['a', 'b'], rows }))
  expect(Buffer.from(files[0]!.read()).toString()).toBe(
    '{"columns":["a","b"],"data":[[1,"NaN"],[NaN,"text"],[-Infinity,"x"]]}',
  )
})

test('a precision-recall curve is a table with a row per threshold', () => {
  const curve = {
    truePositives: [3, 2, 0],
    falsePositives: [2, 1, 0],
    trueNegatives: [0, 1, 2],
    falseNegatives: [0, 1, 3],
    precision: [0.6, 0.7, 0],
    recall: [1, 0.6, 0],
  }
  const { value, files } = sent(record('pr-curve', 'pr', curve))
  expectNamed(value, files)
  expect(jsonOf(files[0]!)).toEqual({
    columns: ['threshold', 'precision', 'recall', 'tp', 'fp', 'tn', 'fn'],
    data: [
      [0, 0.6, 1, 3, 2, 0, 0],
      [0.5, 0.7, 0.6, 2, 1, 1, 1],
      [1, 0, 0, 0, 0, 2, 3],
    ],
  })
})

test('points are a point cloud, with their colours', () => {
  const points = sent(record('mesh', 'cloud', { vertices: [1, 2, 3, 4, 5, 6] }))
  expectNamed(points.value, points.files)
  expect(points.value).toMatchObject({ _type: 'object3D-file' })
  expect(points.files[0]!.name).toMatch(/^media\/object3D\/cloud_7_[0-9a-f]{20}\.pts\.json$/)
  expect(jsonOf(points.files[0]!)).toEqual([[1, 2, 3], [4, 5, 6]]) // biome-ignore format: as points
  const colored = sent(record('mesh', 'cloud', { vertices: [1, 2, 3], colors: [255, 0, 9] }))
  expect(jsonOf(colored.files[0]!)).toEqual([[1, 2, 3, 255, 0, 9]])
})

test('triangles are an OBJ file', () => {
  const mesh = {
    vertices: [0, 0, 0, 1, 0, 0, 0, 1.5, 0],
    faces: [0, 1, 2],
    colors: [255, 0, 0, 0, 51, 0, 0, 0, 0],
  }
  const { value, files } = sent(record('mesh', 'body', mesh))
  expectNamed(value, files)
  expect(files[0]!.name).toMatch(/\.obj$/)
  expect(Buffer.from(files[0]!.read()).toString()).toBe(
    'v 0 0 0 1 0 0\nv 1 0 0 0 0.2 0\nv 0 1.5 0 0 0 0\nf 1 2 3\n',
  )
})

test('graphs whose names are no paths are files of their own', () => {
  const names = ['a:b', 'a*b', 'a_b', 'a//b', 'a/b', `${'x'.repeat(200)}1`, `${'x'.repeat(200)}2`]
  const model = { class_name: 'Sequential', config: { layers: [] } }
  const { files } = merge(...names.map((name) => mediaRow(record('graph', name, { model }), 3)))
  expect(new Set(files.map(({ name }) => name)).size).toBe(names.length)
})

test('a graph is a file of the run, and no line', () => {
  const model = { class_name: 'Sequential', config: { layers: [] } }
  const { texts, files } = merge({ metrics: { a: 1 } }, mediaRow(record('graph', 'net/a', { model }), 3))
  expect(texts).toHaveLength(1)
  expect(files).toMatchObject([{ name: 'media/graph/net/a.json', step: null, row: 1 }])
  expect(jsonOf(files[0]!)).toEqual(model)
})

test('charts of TensorBoard are not applicable, and in no line', () => {
  const { texts, notApplicable } = merge(mediaRow(record('custom-scalars', 'layout', { categories: [] })))
  expect([texts, notApplicable]).toEqual([[], 1])
})

test('media are in the line of their step, though they come when later steps have come', () => {
  const at = (step: number): RowLiteral => ({ step, time: START_TIME, metrics: { loss: step } })
  const { texts, files } = merge(
    at(1),
    at(2),
    mediaRow(textRecord('t', 'one'), 1, { time: START_TIME }),
    at(3),
  )
  expect(texts.map(parseLine)).toMatchObject([{ _step: 1, loss: 1, t: 'one' }, { _step: 2 }, { _step: 3 }])
  expect(files).toEqual([])
})

test('a file is named by the line that it is in, where that has another step', () => {
  const late = (media: MediaRecord) => mediaRow(media, 1, { time: START_TIME + 6000 })
  const at = (step: number): RowLiteral => ({ step, time: START_TIME + 3000 * step, metrics: { a: 1 } })
  const { texts, files } = merge(at(1), at(2), late(imageRecord(runDir, 'i', Buffer.from('i'))))
  expect(parseLine(texts[1]!)).toMatchObject({ _step: 2, 'offstep/step': 1, i: { path: files[0]!.name } })
  expect(files).toMatchObject([{ step: 2, row: 2, name: expect.stringContaining('i_2_') }])
})

test.for(['is gone', 'holds 3 of', 'holds other bytes'])(
  'a row whose file %s is rejected, and everything else goes on',
  (what) => {
    const image = imageRecord(runDir, what.replaceAll(' ', '-'), Buffer.from('the bytes of it'))
    const path = join(runDir, image.file.path)
    if (what === 'is gone') rmSync(path)
    else writeFileSync(path, what === 'holds 3 of' ? 'the' : 'THE bytes of it')
    const { texts, files, rejected } = merge(
      { step: 1, metrics: { a: 1 } },
      mediaRow(image, 1),
      mediaRow(textRecord('t', 'x'), 1),
    )
    expect(rejected).toEqual(['1 media-file'])
    expect(files).toEqual([])
    expect(texts.map(parseLine)).toMatchObject([{ _step: 1, a: 1, t: 'x' }])
  },
)

test('a long value in a damaged file is a rejected row too', () => {
  const file = mediaFile(runDir, 'media/text/long.json', Buffer.from('{"text":"long"}'))
  writeFileSync(join(runDir, file.path), '{"text":"lone"}')
  const { rejected } = merge(mediaRow({ kind: 'text', name: 't', producer: 0, file }))
  expect(rejected).toEqual(['0 media-file'])
})

test('a text that is too long for a line is rejected', () => {
  const { rejected, texts } = mergeRun([mediaRow(textRecord('t', '\u00e9'.repeat(300)))], {
    runDir,
    max: 700,
  })
  expect([rejected, texts]).toEqual([['0 LINE_TOO_LARGE'], []])
})

test('media of one step that are too many for a line go on in the next, and no line is too long', () => {
  const texts = Array.from({ length: 30 }, (_, i) =>
    mediaRow(textRecord(`${'\u00e9'.repeat(150)}-${i}`, '\u00e9'.repeat(9)), 1),
  )
  const lines = mergeRun(texts, { runDir, max: 1040 }).texts
  expect(lines.length).toBeGreaterThan(1)
  for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(1040)
  expect(
    lines.flatMap((line) => Object.keys(parseLine(line)).filter((name) => name.startsWith('\u00e9'))),
  ).toHaveLength(30)
})

test.for([
  ['loss', 'loss'],
  ['val/loss', 'val/loss'],
  ['//etc//passwd', 'etc/passwd'],
  ['../../x', '__/__/x'],
  ['a/./b', 'a/_/b'],
  ['', '_'],
  ['a:b*c?d"e<f>g|h\\i\nj', 'a_b_c_d_e_f_g_h_i_j'],
  ['v1.2', 'v1.2'],
  ['a\ud800b', 'a_b'],
  [`a${'\ud83d\ude00'.repeat(60)}`, `a${'\ud83d\ude00'.repeat(39)}`],
])('the name %j is the path %j', ([name, path]) => {
  expect(safePath(name!)).toBe(path)
})

test('no name leads out of its directory, or is too long for a file system', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (name) => {
      const segments = safePath(name).split('/')
      for (const segment of segments) {
        expect(['', '.', '..']).not.toContain(segment)
        expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(160)
        expect(segment.isWellFormed?.() ?? true).toBe(true)
      }
    }),
  )
})
