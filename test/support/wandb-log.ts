import { readFileSync } from 'node:fs'
import { BLOCK_BYTES, CHUNK, type Chunk, readChunk } from '../../src/journal/framing.js'
import { type Line, parseLine } from './wandb-server/extended-json.js'

const FILE_HEADER_BYTES = 7

/** Payloads of a `.wandb` file, in order. Throws where a byte of it is not as the format says. */
export function readPayloads(bytes: Buffer): Buffer[] {
  if (bytes.subarray(0, FILE_HEADER_BYTES).toString('latin1') !== ':W&B\xe1\xbe\0')
    throw new Error('no .wandb file')
  const payloads: Buffer[] = []
  let open: Buffer[] | null = null
  const chunk: Chunk = { type: 0, start: 0, end: 0 }
  for (let at = FILE_HEADER_BYTES; at < bytes.length; ) {
    const blockEnd = (Math.floor(at / BLOCK_BYTES) + 1) * BLOCK_BYTES
    const result = readChunk(bytes, at, blockEnd, Math.min(blockEnd, bytes.length), chunk)
    at = result === 'trailer' ? blockEnd : chunk.end
    if (result === 'trailer') continue
    if (result !== 'chunk') throw new Error(`a ${result} chunk at ${at}`)
    const begins = chunk.type === CHUNK.FULL || chunk.type === CHUNK.FIRST
    if (begins !== (open === null)) throw new Error(`a chunk of type ${chunk.type} at ${at}`)
    open = [...(open ?? []), bytes.subarray(chunk.start, chunk.end)]
    if (chunk.type === CHUNK.FIRST || chunk.type === CHUNK.MIDDLE) continue
    payloads.push(Buffer.concat(open))
    open = null
  }
  if (open !== null) throw new Error('the last record has no end')
  return payloads
}

/** A message: per field number its values, integers as numbers, all else as bytes. */
export type Message = Map<number, (number | Buffer)[]>

export function decodeMessage(bytes: Buffer): Message {
  const message: Message = new Map()
  let at = 0
  const varint = (): number => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number(BigInt.asIntN(64, value))
    }
  }
  while (at < bytes.length) {
    const key = varint()
    const [field, wireType] = [key >> 3, key & 7]
    if (wireType !== 0 && wireType !== 2) throw new Error(`wire type ${wireType} of field ${field}`)
    const value = varint()
    const values = message.get(field) ?? []
    message.set(field, values)
    values.push(wireType === 0 ? value : bytes.subarray(at, at + value))
    if (wireType === 2) at += value
  }
  return message
}

/** The only value of a message field, decoded; undefined where there is none. */
export function part(message: Message, field: number): Message | undefined {
  const value = message.get(field)?.[0]
  return value === undefined ? undefined : decodeMessage(value as Buffer)
}

export function texts(message: Message, field: number): string[] {
  return (message.get(field) ?? []).map((value) => value.toString())
}

/** What a log holds, as whoever uploads it reads it. Field numbers: src/sinks/wandb/offline/fields.ts. */
export interface LogContent {
  /** Numbers of the records. */
  readonly nums: number[]
  readonly run: Message | undefined
  readonly history: Line[]
  /** The step message of each history record. */
  readonly steps: number[]
  /** Of the last summary record. */
  readonly summary: Line | undefined
  readonly exitCode: number | undefined
}

export function readLog(path: string): LogContent {
  const records = readPayloads(readFileSync(path)).map(decodeMessage)
  const of = (field: number): Message[] => records.flatMap((record) => part(record, field) ?? [])
  const history = of(2)
  const exit = of(18)[0]
  return {
    nums: records.map((record) => record.get(1)![0] as number),
    run: of(17)[0],
    history: history.map((record) => items(record)),
    steps: history.map((record) => integer(part(record, 2)!)),
    summary: of(3).map(items).at(-1),
    exitCode: exit === undefined ? undefined : integer(exit),
  }
}

/** Proto3 leaves zeros out, and takes them. */
const integer = (message: Message): number => (message.get(1)?.[0] as number | undefined) ?? 0

function items(record: Message): Line {
  const fields = (record.get(1) ?? []).map((item) => {
    const message = decodeMessage(item as Buffer)
    return `${JSON.stringify(texts(message, 2)[0])}:${texts(message, 16)[0]}`
  })
  return parseLine(`{${fields.join()}}`)
}
