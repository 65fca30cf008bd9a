import { closeSync, mkdirSync, openSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import * as v from 'valibot'
import { writeFileAtomic } from '../atomic-file.js'
import { ENTRY_DOUBLES, Pyramid } from './pyramid.js'

const MAGIC = 'OSIX'
const FORMAT = 2
const PREFIX_BYTES = 16

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const head = v.object({
  format: v.literal(FORMAT),
  /** Of the journal: up to where it is in the index. */
  place: v.object({ position: count, next: v.record(v.string(), count) }),
  /** Of the journal's bytes before that place: another journal has others. */
  check: v.number(),
  /** Of the journal, when it was read (see journal/rewinds.ts): with one more, other rows count. */
  rewinds: count,
  rows: count,
  /** Of the media records and updates that the journal has. */
  kinds: v.array(v.string()),
  metrics: v.array(
    v.object({
      name: v.string(),
      producer: count,
      span: count,
      entries: count,
      nonFinite: count,
      crc: v.number(),
    }),
  ),
})

export type IndexHead = v.InferOutput<typeof head>
export type IndexedMetric = IndexHead['metrics'][number]

/**
 * `index/series.idx` of a run directory: the metrics of a journal, each in a bounded number of entries (see
 * pyramid.ts). All of it can be made again from the journal.
 *
 *     "OSIX" | u32 bytes of the head | u32 CRC-32 of the head | u32 0 | head, JSON, with spaces behind it to a multiple
 *     of 8 | per metric its entries, as float64, little endian
 */
const fileOf = (runDir: string): string => join(runDir, 'index', 'series.idx')

/** An index that is open for reading. Blocks. */
export class IndexFile {
  readonly head: IndexHead
  readonly #fd: number
  /** Where each metric's entries begin. */
  readonly #offsets: number[] = []

  /** Null where there is none that can be used. */
  static open(runDir: string): IndexFile | null {
    let fd: number
    try {
      fd = openSync(fileOf(runDir), 'r')
    } catch {
      // Not there, or not ours to read: it is made again, in memory if need be.
      return null
    }
    const found = readHead(fd)
    if (found !== null) return new IndexFile(fd, found.head, found.bytes)
    closeSync(fd)
    return null
  }

  private constructor(fd: number, indexHead: IndexHead, headBytes: number) {
    this.#fd = fd
    this.head = indexHead
    let offset = PREFIX_BYTES + headBytes
    for (const { entries } of indexHead.metrics) {
      this.#offsets.push(offset)
      offset += entries * ENTRY_DOUBLES * 8
    }
  }

  /** Of the metric at `index` of the head; null where its bytes are not what was written. */
  pyramid(index: number): Pyramid | null {
    const { span, entries, nonFinite, crc } = this.head.metrics[index]!
    const cells = new Float64Array(entries * ENTRY_DOUBLES)
    const bytes = Buffer.from(cells.buffer)
    const read = readSync(this.#fd, bytes, 0, bytes.length, this.#offsets[index]!)
    return read === bytes.length && crc32(bytes) === crc ? new Pyramid(span, cells, nonFinite) : null
  }

  close(): void {
    closeSync(this.#fd)
  }
}

export interface NewIndex extends Pick<IndexHead, 'place' | 'check' | 'rewinds' | 'rows' | 'kinds'> {
  readonly metrics: readonly { readonly name: string; readonly producer: number; readonly pyramid: Pyramid }[]
}

/** Blocks. Throws the file system's errors. */
export function writeIndex(runDir: string, { metrics, ...rest }: NewIndex): void {
  const cells = metrics.map(({ pyramid }) => Buffer.from(pyramid.save().buffer))
  const listed = metrics.map(({ name, producer, pyramid: { span, entries, nonFinite } }, index) => {
    return { name, producer, span, entries, nonFinite, crc: crc32(cells[index]!) }
  })
  const json = Buffer.from(JSON.stringify({ format: FORMAT, ...rest, metrics: listed } satisfies IndexHead))
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ')
  json.copy(padded)
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.write(MAGIC, 'latin1')
  prefix.writeUInt32LE(padded.length, 4)
  prefix.writeUInt32LE(crc32(padded), 8)
  const file = fileOf(runDir)
  mkdirSync(dirname(file), { recursive: true })
  writeFileAtomic(file, Buffer.concat([prefix, padded, ...cells]))
}

function readHead(fd: number): { readonly head: IndexHead; readonly bytes: number } | null {
  const prefix = Buffer.alloc(PREFIX_BYTES)
  if (readSync(fd, prefix, 0, PREFIX_BYTES, 0) < PREFIX_BYTES) return null
  if (prefix.toString('latin1', 0, MAGIC.length) !== MAGIC) return null
  const bytes = Buffer.alloc(prefix.readUInt32LE(4))
  if (readSync(fd, bytes, 0, bytes.length, PREFIX_BYTES) < bytes.length) return null
  if (crc32(bytes) !== prefix.readUInt32LE(8)) return null
  const result = v.safeParse(head, JSON.parse(bytes.toString('utf8')))
  return result.success ? { head: result.output, bytes: bytes.length } : null
}
