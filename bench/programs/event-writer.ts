/** Scalars per second from batches, as delivery reads them, into an event file, by the TensorBoard sink in this thread. */
import { RecordBatch } from '../../src/record/batch.js'
import type { SinkContext } from '../../src/sinks/sink.js'
import { createSink } from '../../src/sinks/tensorboard/sink.js'
import { parameters, report } from './support.js'

const { dir, metrics, scalars } = parameters<{ dir: string; metrics: number; scalars: number }>()

/** About as many slots as 256 KiB of journal hold. */
const BATCH_SCALARS = 16_000
const rows = BATCH_SCALARS / metrics
const START_TIME = 1_732_000_000_000

const batch = new RecordBatch({
  count: rows,
  producers: new Uint16Array(rows),
  sequences: new Float64Array(rows),
  steps: new Float64Array(rows),
  times: Float64Array.from({ length: rows }, (_, row) => START_TIME + row),
  offsets: Uint32Array.from({ length: rows + 1 }, (_, row) => row * metrics),
  keys: Uint32Array.from({ length: BATCH_SCALARS }, (_, slot) => slot % metrics),
  values: Float64Array.from({ length: BATCH_SCALARS }, (_, slot) => slot * 0.1),
  names: Array.from({ length: metrics }, (_, index) => `train/metric-${index}`),
  integers: new Map(),
  media: new Map(),
})

const context: SinkContext = {
  runId: 'bench',
  project: 'bench',
  runName: 'bench',
  runDir: dir,
  startTime: START_TIME,
  options: {},
  producerName: () => 'main',
  warn: (kind, message) => {
    throw new Error(`${kind}: ${message}`)
  },
  live: true,
  suspect: false,
  signal: new AbortController().signal,
}

const sink = createSink()
await sink.open(context, null)
let step = 0
let writeMs = 0
// The first quarter warms up.
for (let written = -scalars / 4; written < scalars; written += BATCH_SCALARS) {
  for (let row = 0; row < rows; row++) batch.steps[row] = step++
  const start = performance.now()
  const { notApplicable } = await sink.write(batch)
  if (notApplicable !== 0) throw new Error(`${notApplicable} rows were left out`)
  if (written >= 0) writeMs += performance.now() - start
}
await sink.close({ status: 'running', endTime: START_TIME })
report({ perSecond: (scalars * 1000) / writeMs })
