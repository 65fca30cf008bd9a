/**
 * The messages of an event file: Event (tensorflow/core/util/event.proto), Summary (framework/summary.proto),
 * TensorProto (framework/tensor.proto). Field numbers below are theirs.
 */
import { bytesField, doubleField, int64Field, type Pieces, piecesField } from '../../protobuf/encoding.js'

export const EVENT_WALL_TIME = 1
export const EVENT_STEP = 2
export const EVENT_GRAPH_DEF = 4
export const EVENT_SUMMARY = 5

const DT_FLOAT = 1
const DATA_CLASS_SCALAR = 1
const SESSION_START = 1

/** The record that every event file begins with; readers take the format's version from it. */
export function fileVersionEvent(wallTimeSeconds: number): Buffer {
  const sourceMetadata = bytesField(10, bytesField(1, 'offstep'))
  return Buffer.concat([
    doubleField(EVENT_WALL_TIME, wallTimeSeconds),
    bytesField(3, 'brain.Event:2'),
    sourceMetadata,
  ])
}

/** Says that a session began: a Python reader forgets what it has of this directory from `step` on. */
export function sessionStartEvent(wallTimeSeconds: number, step: number): Buffer {
  const sessionLog = bytesField(7, int64Field(1, SESSION_START))
  return Buffer.concat([
    doubleField(EVENT_WALL_TIME, wallTimeSeconds),
    int64Field(EVENT_STEP, step),
    sessionLog,
  ])
}

/** One encoded `Summary.value`, complete but for the four bytes of its float. */
export interface ScalarTemplate {
  readonly bytes: Uint8Array
  readonly floatOffset: number
}

/**
 * A scalar as TensorBoard 2 writes it: a tensor of rank 0 and type DT_FLOAT. Doubles are not an option: its
 * fast loader drops them without a word. A tag's metadata is read from its first value only.
 */
export function scalarTemplate(tag: string, withMetadata: boolean): ScalarTemplate {
  const rankZero = bytesField(2)
  const tensor = bytesField(8, int64Field(1, DT_FLOAT), rankZero, bytesField(5, new Uint8Array(4)))
  const metadata = bytesField(9, bytesField(1, bytesField(1, 'scalars')), int64Field(4, DATA_CLASS_SCALAR))
  const value = withMetadata
    ? bytesField(1, bytesField(1, tag), tensor, metadata)
    : bytesField(1, bytesField(1, tag), tensor)
  const floatEnd = withMetadata ? value.length - metadata.length : value.length
  return { bytes: value, floatOffset: floatEnd - 4 }
}

/** Where an Event stands: step and wall time, in seconds. */
export interface EventHead {
  readonly step: number
  readonly wallTime: number
}

/** An Event with one content: a summary of encoded values, or a GraphDef. */
export function eventWith(
  { step, wallTime }: EventHead,
  field: typeof EVENT_SUMMARY | typeof EVENT_GRAPH_DEF,
  content: Pieces,
): Pieces {
  return [
    doubleField(EVENT_WALL_TIME, wallTime),
    int64Field(EVENT_STEP, step),
    ...piecesField(field, content),
  ]
}
