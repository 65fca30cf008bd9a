/** The bytes of each kind; what the real TensorBoard's own builders gave is written down as hex. */
import { describe, expect, test } from 'vitest'
import { encodeAudio } from '../../src/sinks/tensorboard/media/audio.js'
import { encodeCustomScalars } from '../../src/sinks/tensorboard/media/custom-scalars.js'
import { encodeGraph } from '../../src/sinks/tensorboard/media/graph.js'
import { encodeGraphDef } from '../../src/sinks/tensorboard/media/graph-def.js'
import { encodeHistogram } from '../../src/sinks/tensorboard/media/histogram.js'
import { encodeSessionStart, sessionEnd } from '../../src/sinks/tensorboard/media/hparams.js'
import { encodeImage } from '../../src/sinks/tensorboard/media/image.js'
import { encodeMesh } from '../../src/sinks/tensorboard/media/mesh.js'
import { encodePrCurve } from '../../src/sinks/tensorboard/media/pr-curve.js'
import { encodeValue, type SummaryValue } from '../../src/sinks/tensorboard/media/summary.js'
import { markdownTable } from '../../src/sinks/tensorboard/media/table.js'
import { encodeText } from '../../src/sinks/tensorboard/media/text.js'
import { decodeFields } from './support/event-files.js'

const hex = (value: SummaryValue): string => Buffer.concat(encodeValue(value, true)).toString('hex')

const histogram = (edges: number[], counts: number[]) => ({
  edges,
  counts,
  min: null,
  max: null,
  mean: null,
  std: null,
  finite: 0,
  nan: 0,
  infinite: 0,
})

/** What our metadata has beyond TensorBoard's own Python writer, which leaves the data class to the reader. */
const DATA_CLASS_TENSOR = '2002'

describe("TensorBoard's own bytes, plus the data class", () => {
  test('a text', () => {
    expect(hex(encodeText('t', 'hi'))).toBe(
      `0a190a0174420808071200420268694a0a0a060a0474657874${DATA_CLASS_TENSOR}`,
    )
  })

  test('a histogram', () => {
    expect(hex(encodeHistogram('h', histogram([0, 1.5, 3], [2, 2])))).toBe(
      `0a550a0168423e08021208120208021202080322300000000000000000000000000000f83f0000000000000040000000000000f83f000000000000084000000000000000404a100a0c0a0a686973746f6772616d73${DATA_CLASS_TENSOR}`,
    )
  })

  test('hyper-parameters, but for the group that our own hash names', () => {
    const written = hex(encodeSessionStart({ values: { lr: 0.01, bn: true, opt: 'adam' } }, 1000))
    const start = '0a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f4206080112021200'
    const values = '0a0f0a026c721209117b14ae47e17a843f0a080a02626e120220010a0d0a036f707412061a046164616d'
    expect(written.indexOf(start)).toBe(6)
    expect(written.split(values)).toHaveLength(2)
    expect(written.split(values)[1]).toMatch(/^2240([0-9a-f]{128})29000000000000f03f2002$/)
  })
})

test('an image is width, height and the file, as three strings', () => {
  const { strings, shape } = tensorOf(
    encodeImage('i', { format: 'png', width: 12, height: 7 }, Buffer.from('PNG')),
  )
  expect(strings).toEqual(['12', '7', 'PNG'])
  expect(shape).toEqual([3])
})

test('a sound is its file, and says that it is WAV', () => {
  const encoded = encodeAudio('a', Buffer.from('RIFF'))
  expect(tensorOf(encoded)).toMatchObject({ strings: ['RIFF'], shape: [1] })
  expect(contentOf(encoded).toString('hex')).toBe('100b')
})

test('a histogram without values has no buckets, and a shape that says so', () => {
  expect(tensorOf(encodeHistogram('h', histogram([], []))).shape).toEqual([0, 3])
})

test('a PR curve is six rows of floats, and says how many thresholds it has', () => {
  const encoded = encodePrCurve('pr', {
    truePositives: [1, 2],
    falsePositives: [3, 4],
    trueNegatives: [5, 6],
    falseNegatives: [7, 8],
    precision: [0.5, 0.25],
    recall: [1, 0],
  })
  const { shape, bytes } = tensorOf(encoded)
  expect(shape).toEqual([6, 2])
  expect([...new Float32Array(Uint8Array.from(bytes).buffer)]).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 0.5, 0.25, 1, 0,
  ])
  expect(contentOf(encoded).toString('hex')).toBe('1002')
})

test('a mesh has a tag for each of its parts, and each says which there are', () => {
  const encoded = encodeMesh('m', {
    vertices: [0, 0, 0, 1, 2, 3, -1, 0.5, 0],
    faces: [0, 1, 2],
    colors: [0, 0, 255, 1, 2, 3, 4, 5, 6],
    config: { camera: 1 },
  })
  expect(encoded.map(({ tag }) => tag)).toEqual(['m_VERTEX', 'm_FACE', 'm_COLOR'])
  expect(encoded.map((value) => tensorOf(value).shape)).toEqual([
    [1, 3, 3],
    [1, 1, 3],
    [1, 3, 3],
  ])
  for (const [index, value] of encoded.entries()) {
    const content = decodeFields(contentOf(value))
    expect(content.get(2)![0]!.toString()).toBe('m')
    expect(content.get(3)![0]).toBe(BigInt(index + 1))
    expect(JSON.parse(content.get(5)![0]!.toString())).toEqual({ camera: 1 })
    expect(content.get(7)![0]).toBe(0b1110n)
  }
  expect(encodeMesh('m', { vertices: [0, 0, 0] }).map(({ tag }) => tag)).toEqual(['m_VERTEX'])
})

test('a layout has its categories, its charts, and what each shows', () => {
  const [layout] = tensorOf(
    encodeCustomScalars({
      categories: [
        {
          title: 'c',
          closed: true,
          charts: [
            { title: 'a', tags: ['x', 'y'] },
            { title: 'b', margins: [{ value: 'v', lower: 'l', upper: 'u' }] },
          ],
        },
      ],
    }),
  ).strings
  const lines = '120b0a01611206' + '0a01780a0179'
  const bands = '12100a01621a0b' + '0a090a0176' + '12016c' + '1a0175'
  expect(Buffer.from(layout!, 'latin1').toString('hex')).toBe(`12240a0163${lines}${bands}1801`)
})

describe('a table', () => {
  test('is markdown, a line per row', () => {
    expect(
      markdownTable({
        columns: ['name', 'n'],
        rows: [
          ['a', 1],
          [null, true],
        ],
      }),
    ).toBe('| name | n |\n| --- | --- |\n| a | 1 |\n|  | true |\n')
  })

  test('shows what is in a cell as it is: no line, column, markup or HTML begins in it', () => {
    expect(markdownTable({ columns: ['a|b\n c'], rows: [['*x* <b> & `y` \\']] })).toBe(
      '| a\\|b c |\n| --- |\n| \\*x\\* &lt;b> &amp; \\`y\\` \\\\ |\n',
    )
  })
})

describe('hyper-parameters', () => {
  test('equal ones make one group, whatever their order', () => {
    const group = (values: Record<string, number>) =>
      decodeFields(decodeFields(contentOf(encodeSessionStart({ values }, 0))).get(3)![0] as Buffer).get(4)
    expect(group({ a: 1, b: 2 })).toEqual(group({ b: 2, a: 1 }))
    expect(group({ a: 1, b: 2 })).not.toEqual(group({ a: 1, b: 3 }))
  })

  test('numbers that JSON cannot hold are text: they would end the page for all runs', () => {
    const written = hex(encodeSessionStart({ values: { x: Number.NaN } }, 0))
    expect(written).toContain(`0a0178${'12051a03'}${Buffer.from('NaN').toString('hex')}`)
  })

  test.each([
    ['completed', '0801'],
    ['failed', '0802'],
    ['killed', '0802'],
    ['crashed', '0802'],
  ] as const)('a run that %s ends with the status %s', (status, expected) => {
    const { value, wallTime } = sessionEnd({ status, endTime: 1500.7 })!
    expect(contentOf(value).toString('hex')).toBe(`220b${expected}11000000000000f83f`)
    expect(wallTime).toBe(1.5)
  })

  test('a run that goes on has no end', () => {
    expect(sessionEnd({ status: 'running', endTime: 1 })).toBeNull()
  })
})

describe('a model', () => {
  const layer = (name: string, class_name = 'Dense', rest: object = {}) => ({
    class_name,
    config: { name },
    ...rest,
  })

  test('of layers in a row is a node per layer, each fed by the one before', () => {
    const model = layer('net', 'Sequential')
    expect(
      nodesOf({ ...model, config: { name: 'net', layers: [layer('a'), layer('b', 'Dropout'), layer('c')] } }),
    ).toEqual([
      ['a', 'Dense', []],
      ['b', 'Dropout', ['a']],
      ['c', 'Dense', ['b']],
    ])
  })

  const branched = {
    class_name: 'Functional',
    config: {
      name: 'net',
      layers: [
        layer('in', 'InputLayer', { inbound_nodes: [] }),
        layer('left', 'Dense', { inbound_nodes: [[['in', 0, 0, {}]]] }),
        {
          class_name: 'Sequential',
          name: 'right',
          config: { name: 'right', layers: [layer('a'), layer('b')] },
          inbound_nodes: [[['in', 0, 0, {}]]],
        },
        layer('sum', 'Add', {
          inbound_nodes: [
            [
              ['left', 0, 0, {}],
              ['right', 0, 0, {}],
            ],
          ],
        }),
      ],
      input_layers: [['in', 0, 0]],
      output_layers: [['sum', 0, 0]],
    },
  }

  test('of branches has the connections of its layers, also into and out of a model among them', () => {
    expect(nodesOf(branched)).toEqual([
      ['in', 'InputLayer', []],
      ['left', 'Dense', ['in']],
      ['right/a', 'Dense', ['in']],
      ['right/b', 'Dense', ['right/a']],
      ['sum', 'Add', ['left', 'right/b']],
    ])
  })

  test('has its connections in the form of Keras 3, the one that TensorBoard reads, and is one then too', () => {
    const [json] = tensorOf(encodeGraph('model', { model: branched })).strings
    const model = JSON.parse(json!)
    expect(model.config.layers[1].inbound_nodes[0].args[0][0].config.keras_history).toEqual(['in', 0, 0])
    expect(nodesOf(model)).toEqual(nodesOf(branched))
  })

  test('that is none of layers is passed on as it is, and has no nodes', () => {
    const model = { class_name: 'Own', config: 7 }
    expect(tensorOf(encodeGraph('model', { model })).strings).toEqual([JSON.stringify(model)])
    expect(encodeGraphDef({ model })).toBeNull()
  })

  function nodesOf(model: { class_name: string; config: unknown }) {
    const nodes = decodeFields(encodeGraphDef({ model })!).get(1) ?? []
    return nodes.map((node) => {
      const fields = decodeFields(node as Buffer)
      return [`${fields.get(1)}`, `${fields.get(2)}`, (fields.get(3) ?? []).map(String)]
    })
  }
})

function tensorOf({ tensor }: SummaryValue) {
  const fields = decodeFields(decodeFields(Buffer.concat(tensor)).get(8)![0] as Buffer)
  const dimensions = decodeFields(fields.get(2)![0] as Buffer).get(2) ?? []
  return {
    shape: dimensions.map((dimension) => Number(decodeFields(dimension as Buffer).get(1)?.[0] ?? 0n)),
    strings: (fields.get(8) ?? []).map((string) => (string as Buffer).toString('latin1')),
    bytes: (fields.get(4)?.[0] ?? Buffer.alloc(0)) as Buffer,
  }
}

function contentOf({ metadata }: SummaryValue): Buffer {
  const plugin = decodeFields(decodeFields(metadata as Buffer).get(9)![0] as Buffer).get(1)![0] as Buffer
  return decodeFields(plugin).get(2)![0] as Buffer
}
