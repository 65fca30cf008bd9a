import { createHash } from 'node:crypto'
import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from '../sinks/protobuf/encoding.js'
import { crc32c } from '../sinks/tensorboard/crc32c.js'
import { HPARAMS_TAG_PREFIX } from '../sinks/tensorboard/media/hparams.js'
import {
  EVENT_GRAPH_DEF,
  EVENT_STEP,
  EVENT_SUMMARY,
  EVENT_WALL_TIME,
} from '../sinks/tensorboard/protobuf/event.js'
import { maskCrc, RECORD_FOOTER_BYTES, RECORD_HEADER_BYTES } from '../sinks/tensorboard/tfrecord.js'

const WIRE_FIXED32 = 5
const VALUE = 1
const VALUE_TAG = 1
const VALUE_TENSOR = 8
const VALUE_METADATA = 9
const TENSOR_FLOATS = 5
/** Longer fields (a picture, say) are told apart by their hash. */
const MAX_TEXT_BYTES = 256

export interface EventValue {
  readonly tag: string
  /** Of a scalar; null for media, whose `tensor` tells them apart. */
  readonly scalar: number | null
  readonly tensor: string
}

export interface DecodedEvent {
  readonly wallTime: number
  readonly step: number
  readonly values: readonly EventValue[]
  /** Equal for events that say the same: all bytes but the metadata, which each file has with a tag's first value. */
  readonly text: string
}

/** Bytes of a TFRecord that begins at `at`; null where its length is damaged or torn. */
export function recordLength(bytes: Buffer, at: number): number | null {
  if (bytes.length - at < RECORD_HEADER_BYTES) return null
  const length = bytes.readUInt32LE(at)
  const whole = bytes.readUInt32LE(at + 4) === 0
  if (!whole || bytes.readUInt32LE(at + 8) !== maskCrc(crc32c(bytes, at, at + 8))) return null
  return RECORD_HEADER_BYTES + length + RECORD_FOOTER_BYTES
}

/** The event in a whole TFRecord; null where the checksum is wrong or it cannot be decoded. */
export function decodeRecord(record: Buffer): DecodedEvent | null {
  const end = record.length - RECORD_FOOTER_BYTES
  if (record.readUInt32LE(end) !== maskCrc(crc32c(record, RECORD_HEADER_BYTES, end))) return null
  try {
    return decodeEvent(record.subarray(RECORD_HEADER_BYTES, end))
  } catch (error) {
    // A range error: sound bytes that are no message of ours.
    if (error instanceof RangeError) return null
    throw error
  }
}

function decodeEvent(bytes: Buffer): DecodedEvent {
  let wallTime = 0
  let step = 0
  let text = ''
  const values: EventValue[] = []
  for (const { field, start, from, to } of fieldsOf(bytes)) {
    if (field !== EVENT_SUMMARY) text += textOf(bytes, start, to)
    if (field === EVENT_WALL_TIME) wallTime = bytes.readDoubleLE(from)
    else if (field === EVENT_STEP) step = Number(BigInt.asIntN(64, readVarint(bytes, from).value))
    else if (field === EVENT_GRAPH_DEF) values.push({ tag: 'graph', scalar: null, tensor: '' })
    if (field !== EVENT_SUMMARY) continue
    for (const value of fieldsOf(bytes.subarray(from, to))) {
      if (value.field !== VALUE) continue
      const content = bytes.subarray(from + value.from, from + value.to)
      const decoded = decodeValue(content)
      values.push(decoded.value)
      text += `|${decoded.text}`
    }
  }
  return { wallTime, step, values, text }
}

function decodeValue(bytes: Buffer): { value: EventValue; text: string } {
  let tag = ''
  let scalar: number | null = null
  let tensor = ''
  let text = ''
  for (const { field, start, from, to } of fieldsOf(bytes)) {
    if (field === VALUE_TAG) tag = bytes.toString('utf8', from, to)
    if (field === VALUE_TENSOR) {
      scalar = scalarIn(bytes.subarray(from, to))
      tensor = textOf(bytes, from, to)
    }
    // Hyper-parameters are nothing but metadata.
    if (field !== VALUE_METADATA || tag.startsWith(HPARAMS_TAG_PREFIX)) text += textOf(bytes, start, to)
  }
  return { value: { tag, scalar, tensor }, text }
}

function scalarIn(tensor: Buffer): number | null {
  for (const { field, from } of fieldsOf(tensor)) {
    if (field === TENSOR_FLOATS) return tensor.readFloatLE(from)
  }
  return null
}

function textOf(bytes: Buffer, from: number, to: number): string {
  if (to - from <= MAX_TEXT_BYTES) return bytes.toString('latin1', from, to)
  return `sha1 ${createHash('sha1').update(bytes.subarray(from, to)).digest('base64')}`
}

/** `start`: of the field's key; `from` to `to`: its content. Throws a RangeError at the end of torn bytes. */
function* fieldsOf(bytes: Buffer): Generator<{ field: number; start: number; from: number; to: number }> {
  for (let at = 0; at < bytes.length; ) {
    const start = at
    const key = readVarint(bytes, at)
    const wire = Number(key.value & 7n)
    let from = key.end
    let to: number
    if (wire === WIRE_VARINT) to = readVarint(bytes, from).end
    else if (wire === WIRE_FIXED64) to = from + 8
    else if (wire === WIRE_FIXED32) to = from + 4
    else if (wire === WIRE_BYTES) {
      const length = readVarint(bytes, from)
      from = length.end
      to = from + Number(length.value)
    } else throw new RangeError(`there is no wire type ${wire}`)
    if (to > bytes.length) throw new RangeError('a field leaves its message')
    yield { field: Number(key.value >> 3n), start, from, to }
    at = to
  }
}

function readVarint(bytes: Buffer, at: number): { value: bigint; end: number } {
  let value = 0n
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes.readUInt8(at++)
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return { value, end: at }
  }
}
