import { expect, test } from 'vitest'
import { processCustomScalars } from '../../src/media/process/custom-scalars.js'
import { processGraph } from '../../src/media/process/graph.js'
import { processMedia } from '../../src/media/process/index.js'
import { processMesh } from '../../src/media/process/mesh.js'
import { processTable } from '../../src/media/process/table.js'
import { processText } from '../../src/media/process/text.js'
import { MediaError, type MediaRequest } from '../../src/media/request.js'

const errorOf = async (kind: string, input: unknown): Promise<string> => {
  const request = { kind, name: 'name', step: 0, time: 0, producer: 0, input } as MediaRequest
  const error = await processMedia(request, '').then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(MediaError)
  return (error as Error).message
}

test('Markdown is kept as it is', () => {
  expect(processText({ text: '# Title\n\n\u00fc\u{1f600}\n' })).toEqual({
    value: { text: '# Title\n\n\u00fc\u{1f600}\n' },
  })
})

test('a table keeps what JSON can hold, and has a text for everything else that a cell may be', () => {
  const columns = ['a', 'a']
  const rows = [
    ['text', true],
    [1.5, null],
    [undefined, 7n],
    [2n ** 53n, -(2n ** 70n)],
    [Number.NaN, Number.NEGATIVE_INFINITY],
    [new Date(0), new Date(Number.NaN)],
  ]
  expect(processTable({ columns, rows }).value).toEqual({
    columns: ['a', 'a'],
    rows: [
      ['text', true],
      [1.5, null],
      [null, 7],
      ['9007199254740992', '-1180591620717411303424'],
      ['NaN', '-Infinity'],
      ['1970-01-01T00:00:00.000Z', 'Invalid Date'],
    ],
  })
})

test('a table may have no rows yet', () => {
  expect(processTable({ columns: ['a'], rows: [] }).value).toEqual({ columns: ['a'], rows: [] })
})

const MODEL = { class_name: 'Sequential', config: { layers: [{ name: 'dense' }] }, keras_version: 'tfjs 4' }

test.each([
  ['an object', MODEL],
  ['its JSON', JSON.stringify(MODEL)],
  ['its JSON in JSON', JSON.stringify(JSON.stringify(MODEL))],
])('a model is kept as it is, given as %s', (_, model) => {
  expect(processGraph({ model })).toEqual({ value: { model: MODEL } })
})

const LAYOUT = {
  categories: [
    {
      title: 'losses',
      closed: true,
      charts: [
        { title: 'both', tags: ['loss', 'val/.*'] },
        { title: 'band', margins: [{ value: 'loss', lower: 'loss/low', upper: 'loss/high' }] },
      ],
    },
    { title: 'rest', charts: [{ title: 'lr', tags: ['lr'] }] },
  ],
}

test('a layout of charts is kept, without what TensorBoard does not know', () => {
  const [first, second] = LAYOUT.categories
  const layout = { categories: [{ ...first, color: 'red' }, second], version: 1 }
  expect(processCustomScalars({ layout })).toEqual({ value: LAYOUT })
})

test('a mesh keeps points, triangles and config, and its colours become whole numbers from 0 to 255', () => {
  const made = processMesh({
    vertices: Float32Array.of(0, 0, 0, 1, 0, 0.5, 0, 1, 0),
    faces: Int32Array.of(0, 1, 2),
    colors: Float32Array.of(0, 127.6, 255, 300, -1, Number.NaN, 1, 2, 3),
    config: { camera: { cls: 'PerspectiveCamera', fov: 75 } },
  })
  expect(made).toEqual({
    value: {
      vertices: [0, 0, 0, 1, 0, 0.5, 0, 1, 0],
      faces: [0, 1, 2],
      colors: [0, 128, 255, 255, 0, 0, 1, 2, 3],
      config: { camera: { cls: 'PerspectiveCamera', fov: 75 } },
    },
  })
})

test('a cloud of points needs nothing but points', () => {
  expect(processMesh({ vertices: Float64Array.of(1, 2, 3) })).toEqual({ value: { vertices: [1, 2, 3] } })
})

const selfish: { class_name: string; config: unknown } = { class_name: 'Sequential', config: null }
selfish.config = { model: selfish }

test.each([
  ['text', { text: 5 }, 'the text is 5: give a string of Markdown'],
  ['text', { text: '' }, 'the text is empty'],
  ['text', {}, 'the text is missing'],
  ['table', {}, 'the columns are missing: give an array of at least one name'],
  ['table', { columns: [] }, 'the columns are an array of 0'],
  ['table', { columns: ['a', 5] }, "columns[1] is 5: give the column's name as a string"],
  ['table', { columns: ['a'], rows: 'b' }, 'the rows are "b": give an array of arrays'],
  ['table', { columns: ['a'], rows: [[1], { a: 1 }] }, 'rows[1] is an object (Object): give an array'],
  [
    'table',
    { columns: ['a'], rows: new Array(2) },
    'rows[0] is missing: give an array with one cell per column',
  ],
  ['table', { columns: ['a', 'b'], rows: [[1, 2], [3]] }, 'rows[1] has 1 cells and there are 2 columns'],
  [
    'table',
    { columns: ['a', 'b'], rows: [[1, [2]]] },
    'rows[0], column "b", is an array of 1: give a string',
  ],
  ['graph', {}, 'the model is missing without "class_name" and "config": give a tf.LayersModel'],
  ['graph', { model: '{' }, 'the model is text that is no JSON'],
  ['graph', { model: { class_name: 'Sequential' } }, 'without "class_name" and "config"'],
  [
    'graph',
    { model: selfish },
    'the model is no JSON (Converting circular structure to JSON): give plain values',
  ],
  ['graph', { model: { class_name: 'A', config: { units: 1n } } }, 'BigInt): give plain values'],
  ['custom-scalars', {}, 'the layout is missing: give { categories: [{ title, charts }] }'],
  ['custom-scalars', { layout: { categories: [] } }, 'categories is an array of 0'],
  ['custom-scalars', { layout: { categories: ['a'] } }, 'categories[0] is "a": give { title, charts }'],
  ['custom-scalars', layoutOf({ title: '' }), 'categories[0].charts[0].title is ""'],
  ['custom-scalars', layoutOf({ title: 'a' }), 'categories[0].charts[0] has neither tags nor margins'],
  ['custom-scalars', layoutOf({ title: 'a', tags: ['a'], margins: [] }), 'has both tags and margins'],
  ['custom-scalars', layoutOf({ title: 'a', tags: [1] }), 'charts[0].tags[0] is 1: give a string'],
  [
    'custom-scalars',
    layoutOf({ title: 'a', margins: [{ value: 'a' }] }),
    'charts[0].margins[0].lower is missing',
  ],
  ['mesh', {}, 'the vertices are missing: give a typed array'],
  ['mesh', { vertices: new Float32Array(0) }, 'it has no vertices'],
  ['mesh', { vertices: new Float32Array(4) }, 'the vertices are 4 numbers, which 3 does not divide'],
  ['mesh', { vertices: Float32Array.of(0, Number.NaN, 0) }, 'vertices[1] is NaN: give finite coordinates'],
  [
    'mesh',
    { vertices: new Float32Array(3), faces: Int32Array.of(0, 0, 1) },
    'faces[2] is 1 and there are 1 vertices',
  ],
  ['mesh', { vertices: new Float32Array(3), faces: Int32Array.of(0) }, 'the faces are 1 number, which 3'],
  [
    'mesh',
    { vertices: new Float32Array(3), colors: new Uint8Array(6) },
    'the colors are 6 numbers and the vertices 3',
  ],
  ['mesh', { vertices: new Float32Array(3), config: 'red' }, 'the config is "red": give an object'],
])('what makes no %s is told with its fix (case %#)', async (kind, input, message) => {
  expect(await errorOf(kind, input)).toContain(message)
})

function layoutOf(chart: object): object {
  return { layout: { categories: [{ title: 'a', charts: [chart] }] } }
}
