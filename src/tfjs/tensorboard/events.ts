/**
 * The events that tfjs-node's writer makes, field for field (tensorflow/core/util/event.proto,
 * framework/summary.proto, framework/tensor.proto): a scalar is a `simple_value`, a histogram a float32 tensor of
 * shape `[buckets, 3]` whose metadata names the plugin.
 */
import { bytesField, doubleField, fieldKey, int64Field } from '../../sinks/protobuf/encoding.js'
import { EVENT_STEP, EVENT_SUMMARY, EVENT_WALL_TIME } from '../../sinks/tensorboard/protobuf/event.js'

const WIRE_FIXED32 = 5
const DT_FLOAT = 1
const DATA_CLASS_TENSOR = 2
const COLUMNS = 3

/** `timeMs`: milliseconds since the epoch; `step`: a safe integer. */
export function scalarEvent(timeMs: number, step: number, tag: string, value: number): Buffer {
  const simpleValue = Buffer.alloc(5)
  simpleValue[0] = fieldKey(2, WIRE_FIXED32)
  simpleValue.writeFloatLE(value, 1)
  return summaryEvent(timeMs, step, bytesField(1, tag), simpleValue)
}

/** `rows`: left edge, right edge and count of each bucket. */
export function histogramEvent(
  timeMs: number,
  step: number,
  tag: string,
  rows: Float32Array,
  description: string | undefined,
): Buffer {
  const dimension = (size: number) => bytesField(2, int64Field(1, size))
  const shape = bytesField(2, dimension(rows.length / COLUMNS), dimension(COLUMNS))
  const content = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength)
  const tensor = bytesField(8, int64Field(1, DT_FLOAT), shape, bytesField(4, content))
  const metadata = bytesField(
    9,
    bytesField(1, bytesField(1, 'histograms')),
    ...(description === undefined ? [] : [bytesField(3, description)]),
    int64Field(4, DATA_CLASS_TENSOR),
  )
  return summaryEvent(timeMs, step, bytesField(1, tag), tensor, metadata)
}

function summaryEvent(timeMs: number, step: number, ...value: Buffer[]): Buffer {
  return Buffer.concat([
    doubleField(EVENT_WALL_TIME, timeMs / 1000),
    int64Field(EVENT_STEP, step),
    bytesField(EVENT_SUMMARY, bytesField(1, ...value)),
  ])
}
