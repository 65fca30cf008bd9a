import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One scalar as it stands in an event file. */
export interface WrittenScalar {
  readonly tag: string
  readonly value: number
  readonly hasMetadata: boolean
}

/** A value that is no scalar, as it stands in an event file. */
export interface WrittenMedia {
  readonly tag: string
  /** Undefined where the value has no metadata. */
  readonly plugin: string | undefined
  readonly dataClass: number | undefined
  /** The plugin's own message. */
  readonly content: Buffer
  readonly dataType: number
  readonly shape: readonly number[]
  /** The tensor's strings, or else its bytes. */
  readonly strings: readonly Buffer[]
  readonly bytes: Buffer
}

export interface WrittenEvent {
  readonly wallTime: number
  readonly step: bigint
  readonly fileVersion: string | undefined
  /** Status of the session log: 1 is START. */
  readonly session: bigint | undefined
  readonly scalars: readonly WrittenScalar[]
  readonly media: readonly WrittenMedia[]
  readonly graphDef: Buffer | undefined
}

/** CRC-32C bit by bit: nothing in common with the code under test. */
export function bitwiseCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

export function eventFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.includes('tfevents'))
    .sort()
}

/** Payloads of a TFRecord file; throws where a length or checksum is wrong, or where the end is torn. */
export function readRecords(bytes: Buffer): Buffer[] {
  const records: Buffer[] = []
  let at = 0
  while (at < bytes.length) {
    const end = at + 12 + Number(bytes.readBigUInt64LE(at))
    checkCrc(bytes.subarray(at, at + 8), bytes.readUInt32LE(at + 8))
    checkCrc(bytes.subarray(at + 12, end), bytes.readUInt32LE(end))
    records.push(bytes.subarray(at + 12, end))
    at = end + 4
  }
  return records
}

function checkCrc(bytes: Buffer, masked: number): void {
  const rotated = (masked - 0xa282ead8) >>> 0
  const crc = ((rotated << 15) | (rotated >>> 17)) >>> 0
  if (crc !== bitwiseCrc32c(bytes)) throw new Error('checksum mismatch')
}

/** All events of a directory's own files, one list per file, in the order in which TensorBoard reads them. */
export function readEvents(directory: string): WrittenEvent[][] {
  return eventFiles(directory).map((name) =>
    readRecords(readFileSync(join(directory, name))).map(decodeEvent),
  )
}

/** `tag@step=value` of every scalar of a directory, in order. */
export function readPoints(directory: string): string[] {
  return readEvents(directory)
    .flat()
    .flatMap(({ step, scalars }) => scalars.map(({ tag, value }) => `${tag}@${step}=${value}`))
}

function decodeEvent(payload: Buffer): WrittenEvent {
  const event = decodeFields(payload)
  const session = event.get(7)?.[0]
  return {
    wallTime: (event.get(1)![0] as Buffer).readDoubleLE(),
    step: BigInt.asIntN(64, (event.get(2)?.[0] as bigint | undefined) ?? 0n),
    fileVersion: event.get(3)?.[0]?.toString(),
    session: session === undefined ? undefined : (decodeFields(session as Buffer).get(1)![0] as bigint),
    scalars: valuesOf(event).filter(isScalar).map(decodeScalar),
    media: valuesOf(event)
      .filter((value) => !isScalar(value))
      .map(decodeMedia),
    graphDef: event.get(4)?.[0] as Buffer | undefined,
  }
}

function valuesOf(event: Fields): Buffer[] {
  return (event.get(5) ?? []).flatMap((summary) => (decodeFields(summary as Buffer).get(1) ?? []) as Buffer[])
}

/** A tensor with a float of its own: media's numbers are in one stretch of bytes. */
function isScalar(value: Buffer): boolean {
  return decodeFields(decodeFields(value).get(8)![0] as Buffer).has(5)
}

function decodeScalar(bytes: Buffer): WrittenScalar {
  const value = decodeFields(bytes)
  const tensor = decodeFields(value.get(8)![0] as Buffer)
  return {
    tag: value.get(1)![0]!.toString(),
    value: (tensor.get(5)![0] as Buffer).readFloatLE(),
    hasMetadata: value.has(9),
  }
}

function decodeMedia(bytes: Buffer): WrittenMedia {
  const value = decodeFields(bytes)
  const tensor = decodeFields(value.get(8)![0] as Buffer)
  const metadata = value.has(9) ? decodeFields(value.get(9)![0] as Buffer) : undefined
  const plugin = metadata && decodeFields(metadata.get(1)![0] as Buffer)
  const dimensions = decodeFields(tensor.get(2)![0] as Buffer).get(2) ?? []
  return {
    tag: value.get(1)![0]!.toString(),
    plugin: plugin?.get(1)?.[0]?.toString(),
    dataClass: metadata && Number(metadata.get(4)![0]),
    content: (plugin?.get(2)?.[0] ?? Buffer.alloc(0)) as Buffer,
    dataType: Number(tensor.get(1)![0]),
    shape: dimensions.map((dimension) => Number(decodeFields(dimension as Buffer).get(1)?.[0] ?? 0n)),
    strings: (tensor.get(8) ?? []) as Buffer[],
    bytes: (tensor.get(4)?.[0] ?? Buffer.alloc(0)) as Buffer,
  }
}

export type Fields = Map<number, (bigint | Buffer)[]>

/** Fields by number; varints as bigints, all else as bytes. */
export function decodeFields(bytes: Buffer): Fields {
  const fields: Fields = new Map()
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number) => {
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const field = key >>> 3
    const wireType = key & 7
    const value = wireType === 0 ? varint() : take(wireType === 1 ? 8 : wireType === 5 ? 4 : Number(varint()))
    fields.set(field, [...(fields.get(field) ?? []), value])
  }
  return fields
}
