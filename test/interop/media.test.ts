/** Real TensorBoard serves every kind of media of a run of the whole package, with both of its loaders. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HistogramValue, PrCurveValue } from '../../src/record/media.js'
import { loggedValues, type MediaRun, mediaFile, mediaRun } from './support/media-run.js'
import { python } from './support/python.js'
import { LOADERS, TensorBoardServer } from './support/server.js'

/** The log directory is the run directory, so that is what TensorBoard calls the run. */
const RUN = 'tensorboard'
const STEP = 3
const HPARAMS = ['lr', 'augment', 'widths', 'optimizer/name', 'optimizer/beta']

let media: MediaRun & { readonly directory: string }
beforeAll(() => {
  media = mediaRun()
})
afterAll(() => rmSync(media.directory, { recursive: true }))

test('the sink has every record, and TensorBoard can show all of them', () => {
  expect(media).toMatchObject({ reached: true, sink: { notApplicable: 0, deadLettered: 0, pending: 0 } })
})

test("the checksums are right, and there is nothing that TensorBoard's inspector does not know", () => {
  const { stdout } = python('-m', 'tensorboard.main', '--inspect', '--logdir', join(media.runDir, RUN))
  expect(stdout).toContain('tensor')
})

interface Blob {
  readonly step: number
  readonly query: string
  readonly contentType?: string
}

describe.each(Object.keys(LOADERS) as (keyof typeof LOADERS)[])('the %s loader', (loader) => {
  let server: TensorBoardServer
  const tagged = (tag: string) => ({ run: RUN, tag })

  beforeAll(async () => {
    server = await TensorBoardServer.start(media.runDir, loader)
    // The last event of the run is its end, which only the page of hyper-parameters shows.
    await server.until('the end of the run', async () => {
      const [group] = (await sessionGroups()).sessionGroups
      return group?.sessions[0]?.status === 'STATUS_SUCCESS' || undefined
    })
  })
  afterAll(async () => {
    await server?.stop()
    expect(server.log).not.toMatch(/read error|checksum|traceback/i)
  })

  test('histograms, bucket for bucket, that were counted by the caller', async () => {
    const { edges, counts } = media.inputs.histogram
    const answer = await histograms('counted')
    const buckets = counts.map((count, i) => [edges[i], edges[i + 1], count])
    expect(answer.map(([, step]) => step)).toEqual(Array.from({ length: media.inputs.steps }, (_, i) => i))
    for (const [, , found] of answer) expect(found).toEqual(buckets)
  })

  test('histograms, bucket for bucket, that the run counted', async () => {
    const logged = loggedValues<HistogramValue>(media.runDir, 'weights').map(({ step, value }) => [
      step,
      value.counts.map((count, i) => [value.edges[i], value.edges[i + 1], count]),
    ])
    expect(logged).toHaveLength(media.inputs.steps)
    expect((await histograms('weights')).map(([, step, buckets]) => [step, buckets])).toEqual(logged)
  })

  test('distributions, from the least to the greatest value', async () => {
    type Percentile = [basisPoint: number, value: number]
    const answer = await server.json<[number, number, Percentile[]][]>(
      'distributions/distributions',
      tagged('counted'),
    )
    expect(answer).toHaveLength(media.inputs.steps)
    const [, , percentiles] = answer[0]!
    expect(percentiles.at(0)).toEqual([0, -2])
    expect(percentiles.at(-1)).toEqual([10000, 3])
    const values = percentiles.map(([, value]) => value)
    expect(values).toEqual([...values].sort((a, b) => a - b))
  })

  test.each([
    ['samples/encoded', () => Buffer.from(media.inputs.image, 'base64'), [40, 24]],
    ['samples/raw', () => mediaFile(media.runDir, 'image/samples/raw'), [48, 32]],
  ] as const)('the picture %s, byte for byte', async (tag, expected, [width, height]) => {
    const [image, ...others] = await server.json<(Blob & { width: number; height: number })[]>(
      'images/images',
      { ...tagged(tag), sample: '0' },
    )
    expect(others).toEqual([])
    expect(image).toMatchObject({ step: STEP })
    const query = Object.fromEntries(new URLSearchParams(image!.query))
    const bytes = await server.bytes('images/individualImage', query)
    expect(bytes.equals(expected())).toBe(true)
    // Of its header.
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([width, height])
  })

  test('the sound, byte for byte', async () => {
    const [sound] = await server.json<Blob[]>('audio/audio', { ...tagged('tone'), sample: '0' })
    expect(sound).toMatchObject({ step: STEP, contentType: 'audio/wav' })
    const query = Object.fromEntries(new URLSearchParams(sound!.query))
    const bytes = await server.bytes('audio/individualAudio', query)
    expect(bytes.equals(mediaFile(media.runDir, 'audio/tone'))).toBe(true)
    expect(bytes.subarray(0, 4).toString()).toBe('RIFF')
  })

  test('the text, as the markdown that it is', async () => {
    const [note] = await server.json<{ step: number; text: string }[]>('text/text', tagged('note'))
    expect(note).toMatchObject({ step: STEP, text: '<p>The loss <strong>fell</strong>.</p>' })
  })

  test('the table, cell for cell', async () => {
    const [table] = await server.json<{ text: string }[]>('text/text', tagged('confusion'))
    const cells = [...table!.text.matchAll(/<t[hd]>(.*?)<\/t[hd]>/g)].map(([, cell]) => cell)
    expect(cells).toEqual(['case', 'count', 'cat | dog', '7', 'dog', '11'])
  })

  test.each(['curve', 'counted curve'])('the PR curve "%s", figure for figure', async (tag) => {
    const answer = await server.json<Record<string, Record<string, unknown>[]>>(
      'pr_curves/pr_curves',
      tagged(tag),
    )
    const logged = loggedValues<PrCurveValue>(media.runDir, tag)[0]!.value
    const value = tag === 'curve' ? media.inputs.prCurve : logged
    // The page leaves out the last thresholds, those that nothing reaches.
    const end = value.truePositives.findLastIndex((count, i) => count + value.falsePositives[i]! > 0) + 1
    const [curve] = answer[RUN]!
    expect(curve).toMatchObject({
      step: STEP,
      true_positives: value.truePositives.slice(0, end),
      false_positives: value.falsePositives.slice(0, end),
      true_negatives: value.trueNegatives.slice(0, end),
      false_negatives: value.falseNegatives.slice(0, end),
      precision: value.precision.slice(0, end).map(Math.fround),
      recall: value.recall.slice(0, end).map(Math.fround),
    })
    const last = value.recall.length - 1
    expect(curve!.thresholds).toEqual(value.recall.slice(0, end).map((_, i) => expect.closeTo(i / last, 12)))
  })

  test('the mesh, point for point', async () => {
    const data = (type: string) =>
      server.bytes('mesh/data', {
        ...tagged('tetrahedron'),
        content_type: type,
        step: `${STEP}`,
        sample: '0',
      })
    const { vertices, faces, colors } = media.inputs.mesh
    expect([...new Float32Array(Uint8Array.from(await data('VERTEX')).buffer)]).toEqual(vertices)
    expect([...new Int32Array(Uint8Array.from(await data('FACE')).buffer)]).toEqual(faces)
    expect([...(await data('COLOR'))]).toEqual(colors)
    const parts = await server.json<{ step: number; components: number; data_shape: number[] }[]>(
      'mesh/meshes',
      tagged('tetrahedron'),
    )
    expect(parts.map(({ step, components }) => [step, components])).toEqual(Array(3).fill([STEP, 0b1110]))
  })

  test('the layout of the page "custom scalars", and the charts on it', async () => {
    const layout = await server.json<object>('custom_scalars/layout')
    const [category] = media.inputs.layout.categories
    const [chart] = category!.charts
    expect(layout).toMatchObject({
      category: [
        { title: category!.title, chart: [{ title: chart!.title, multiline: { tag: chart!.tags } }] },
      ],
    })
    const { regex_valid, tag_to_events } = await server.json<{
      regex_valid: boolean
      tag_to_events: Record<string, unknown[]>
    }>('custom_scalars/scalars', tagged(chart!.tags![0]!))
    expect(regex_valid).toBe(true)
    expect(Object.keys(tag_to_events).sort()).toEqual(['train/loss', 'val/loss'])
    expect(tag_to_events['val/loss']).toHaveLength(media.inputs.steps)
  })

  test('the model, with its connections, as a graph and as the conceptual graph of Keras', async () => {
    const info = await server.json<Record<string, { run_graph: boolean; tags: object }>>('graphs/info')
    expect(info[RUN]).toMatchObject({ run_graph: true, tags: { model: { conceptual_graph: true } } })
    const graph = nodesOf(await server.bytes('graphs/graph', { run: RUN, conceptual: 'false' }))
    expect(graph).toEqual({
      features: [],
      left: ['features'],
      'inner/hidden': ['features'],
      'inner/dropout': ['inner/hidden'],
      'inner/narrow': ['inner/dropout'],
      sum: ['left', 'inner/narrow'],
      verdict: ['sum'],
    })
    const conceptual = nodesOf(
      await server.bytes('graphs/graph', { run: RUN, tag: 'model', conceptual: 'true' }),
    )
    // There the names are below the model's own.
    const below = (name: string) => `classifier/${name}`
    const named = Object.entries(graph).map(([name, inputs]) => [below(name), inputs.map(below)])
    expect(conceptual).toEqual(Object.fromEntries(named))
  })

  test('the hyper-parameters, the metrics beside them, and how the run ended', async () => {
    const experiment = await server.json<{ hparamInfos: { name: string; type: string }[] }>(
      'hparams/experiment',
      { request: '{"experimentName":""}' },
    )
    expect(Object.fromEntries(experiment.hparamInfos.map(({ name, type }) => [name, type]))).toEqual({
      lr: 'DATA_TYPE_FLOAT64',
      augment: 'DATA_TYPE_BOOL',
      widths: 'DATA_TYPE_STRING',
      'optimizer/name': 'DATA_TYPE_STRING',
      'optimizer/beta': 'DATA_TYPE_FLOAT64',
    })
    const { sessionGroups: groups } = await sessionGroups()
    expect(groups).toHaveLength(1)
    const [{ hparams, sessions }] = groups as [SessionGroup]
    expect(hparams).toEqual({
      lr: 0.001,
      augment: true,
      widths: '[64,32]',
      'optimizer/name': 'adam',
      'optimizer/beta': 0.9,
    })
    expect(sessions[0]).toMatchObject({ status: 'STATUS_SUCCESS', name: RUN })
    const last = media.inputs.steps - 1
    const loss = sessions[0]!.metricValues.find(({ name }) => name.tag === 'train/loss')!
    expect(loss).toMatchObject({ trainingStep: last, value: Math.fround(Math.exp(-last / 4)) })
  })

  const histograms = (tag: string) =>
    server.json<[wallTime: number, step: number, buckets: number[][]][]>('histograms/histograms', tagged(tag))

  interface SessionGroup {
    readonly hparams: object
    readonly sessions: {
      readonly name: string
      readonly status: string
      readonly metricValues: { name: { tag: string }; trainingStep: number; value: number }[]
    }[]
  }

  function sessionGroups() {
    const request = {
      experimentName: '',
      startIndex: 0,
      sliceSize: 10,
      allowedStatuses: ['STATUS_UNKNOWN', 'STATUS_SUCCESS', 'STATUS_FAILURE', 'STATUS_RUNNING'],
      colParams: [
        { metric: { tag: 'train/loss', group: '' }, includeInResult: true },
        ...HPARAMS.map((hparam) => ({ hparam, includeInResult: true })),
      ],
    }
    return server.json<{ sessionGroups: SessionGroup[] }>('hparams/session_groups', {
      request: JSON.stringify(request),
    })
  }
})

/** Of a GraphDef as text: the inputs of each node. */
function nodesOf(graph: Buffer): Record<string, string[]> {
  const nodes = graph.toString().split(/^node \{$/m)
  const named = nodes.flatMap((node) => {
    const name = /^ {2}name: "(.*)"$/m.exec(node)?.[1]
    const inputs = [...node.matchAll(/^ {2}input: "(.*)"$/gm)].map(([, input]) => input!)
    return name === undefined ? [] : [[name, inputs] as const]
  })
  return Object.fromEntries(named)
}
