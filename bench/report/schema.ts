import * as v from 'valibot'
import { REPORT_FORMAT, REPORT_VERSION } from './report.js'

/** JSON has no NaN, which a figure is that could not be had: it is null there. */
const number = v.pipe(
  v.nullable(v.number()),
  v.transform((value) => value ?? Number.NaN),
)
const titled = { title: v.string(), note: v.exactOptional(v.string()) }

const latencies = v.object({
  count: number,
  p50: number,
  p90: number,
  p99: number,
  p999: number,
  p9999: number,
  max: number,
})

const percentileChart = v.object({
  kind: v.literal('percentiles'),
  ...titled,
  lines: v.array(v.object({ name: v.string(), latencies })),
})

const curveChart = v.object({
  kind: v.literal('curves'),
  ...titled,
  x: v.string(),
  y: v.string(),
  lines: v.array(v.object({ name: v.string(), points: v.array(v.tuple([number, number])) })),
})

const barChart = v.object({
  kind: v.literal('bars'),
  ...titled,
  unit: v.string(),
  bars: v.array(v.object({ name: v.string(), value: number, ours: v.exactOptional(v.boolean()) })),
})

/** The verdict beside it is for readers: it follows from the target. */
const figure = v.object({
  name: v.string(),
  measured: number,
  unit: v.string(),
  target: v.exactOptional(v.union([v.object({ atMost: v.number() }), v.object({ atLeast: v.number() })])),
  note: v.exactOptional(v.string()),
})

const benchmark = v.object({
  name: v.string(),
  about: v.string(),
  scopes: v.array(v.string()),
  seconds: v.number(),
  loadBefore: v.number(),
  failed: v.exactOptional(v.string()),
  figures: v.array(figure),
  charts: v.array(v.variant('kind', [percentileChart, curveChart, barChart])),
})

const machine = v.object({
  cpu: v.string(),
  cores: v.number(),
  memoryGiB: v.number(),
  fileSystem: v.nullable(v.string()),
  os: v.string(),
  node: v.string(),
  v8: v.string(),
  loadAverage: v.number(),
})

export const reportSchema = v.object({
  format: v.literal(REPORT_FORMAT),
  version: v.literal(REPORT_VERSION),
  time: v.pipe(v.string(), v.isoTimestamp()),
  settings: v.object({ seconds: v.nullable(v.number()), quick: v.boolean() }),
  machine,
  code: v.object({ commit: v.nullable(v.string()), modified: v.boolean() }),
  benchmarks: v.array(benchmark),
})
