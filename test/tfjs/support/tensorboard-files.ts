import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventFiles, readRecords } from '../../unit/support/event-files.js'

export interface FoundHistogram {
  readonly plugin: string
  readonly description: string | undefined
  readonly shape: readonly number[]
  /** `[left, right, count]` of each bucket. */
  readonly rows: readonly (readonly number[])[]
}

export interface FoundEvent {
  readonly wallTime: number
  readonly fileVersion: string | undefined
  readonly step: number
  readonly tag: string | undefined
  readonly value: number | undefined
  readonly histogram: FoundHistogram | undefined
}

/** All events of a directory, in the order in which TensorBoard reads them, but for those that say the version. */
export function pointsIn(directory: string): FoundEvent[] {
  return eventsIn(directory).filter(({ fileVersion }) => fileVersion === undefined)
}

export function eventsIn(directory: string): FoundEvent[] {
  return eventFiles(directory).flatMap((name) =>
    readRecords(readFileSync(join(directory, name))).map(eventOf),
  )
}

/** `tag@step` of every point, in order. */
export const tagsIn = (directory: string): string[] =>
  pointsIn(directory).map(({ tag, step }) => `${tag}@${step}`)

/** The scalars of one tag, in order. */
export const valuesIn = (directory: string, tag: string): number[] =>
  pointsIn(directory).flatMap((point) => (point.tag === tag ? [point.value!] : []))

function eventOf(payload: Buffer): FoundEvent {
  const event = fieldsOf(payload)
  const summary = event.get(5)?.[0]
  const value = summary === undefined ? undefined : fieldsOf(fieldsOf(summary).get(1)![0]!)
  const tensor = value?.get(8)?.[0]
  return {
    wallTime: event.get(1)![0]!.readDoubleLE(),
    fileVersion: event.get(3)?.[0]?.toString(),
    step: Number(BigInt.asIntN(64, varintOf(event.get(2)?.[0] ?? Buffer.of(0)))),
    tag: value?.get(1)?.[0]?.toString(),
    value: value?.get(2)?.[0]?.readFloatLE(),
    histogram: tensor === undefined ? undefined : histogramOf(fieldsOf(tensor), fieldsOf(value!.get(9)![0]!)),
  }
}

function histogramOf(tensor: Fields, metadata: Fields): FoundHistogram {
  if (varintOf(tensor.get(1)![0]!) !== 1n) throw new Error('the tensor is not float32')
  const shape = fieldsOf(tensor.get(2)![0]!)
    .get(2)!
    .map((dimension) => Number(varintOf(fieldsOf(dimension).get(1)![0]!)))
  const content = tensor.get(4)![0]!
  const rows = Array.from({ length: shape[0]! }, (_, row) =>
    [0, 1, 2].map((column) => content.readFloatLE(4 * (3 * row + column))),
  )
  return {
    plugin: fieldsOf(metadata.get(1)![0]!).get(1)![0]!.toString(),
    description: metadata.get(3)?.[0]?.toString(),
    shape,
    rows,
  }
}

type Fields = Map<number, Buffer[]>

/** The bytes of each field, by its number. */
function fieldsOf(bytes: Buffer): Fields {
  const fields: Fields = new Map()
  let at = 0
  const take = (length: number) => {
    at += length
    return bytes.subarray(at - length, at)
  }
  const takeVarint = () => {
    let length = 1
    while (bytes[at + length - 1]! >= 0x80) length++
    return take(length)
  }
  while (at < bytes.length) {
    const key = Number(varintOf(takeVarint()))
    const type = key & 7
    const value =
      type === 0 ? takeVarint() : take(type === 1 ? 8 : type === 5 ? 4 : Number(varintOf(takeVarint())))
    fields.set(key >>> 3, [...(fields.get(key >>> 3) ?? []), value])
  }
  return fields
}

function varintOf(bytes: Buffer): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 7n) | BigInt(bytes[i]! & 0x7f)
  return value
}
