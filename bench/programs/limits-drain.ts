/**
 * A full ring into the journal, in one thread, and beside it each of its parts on the same bytes: one entry per round,
 * in bytes per millisecond. The file system should be one in memory: the disk is measured elsewhere.
 */
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import path from 'node:path'
import { crcOf } from '../../src/journal/crc.js'
import { BLOCK_BYTES, CHUNK_HEADER_BYTES } from '../../src/journal/framing.js'
import { FRAMES_HEADER_BYTES } from '../../src/journal/payload.js'
import { HEADER_BYTES } from '../../src/ring/layout.js'
import { RingReader } from '../../src/ring/reader.js'
import { createPipe } from './pipe.js'
import { logTen } from './rows.js'
import { parameters, report } from './support.js'

const { dir, metrics, rounds } = parameters<{ dir: string; metrics: 1 | 10; rounds: number }>()

/** Of the journal's buffer, which is one call of write. */
const WRITE_BYTES = 8 * BLOCK_BYTES
const { ring, producer, journal } = createPipe(path.join(dir, 'journal'))
const handle = producer.scalar('train/loss')
const rowBytes = metrics === 1 ? 40 : 144
/** Nine tenths of the ring. */
const rows = Math.floor((0.9 * 8 * 2 ** 20) / rowBytes)
const bytes = rows * rowBytes
/** Of its own: out of shared memory V8 copies slower. */
const source = Buffer.alloc(bytes, 2)
const shared = new Uint8Array(ring, HEADER_BYTES, bytes)
const target = Buffer.alloc(bytes, 1)
/** A block of the journal, and the frames that it has room for: whole words. */
const block = Buffer.alloc(BLOCK_BYTES)
const aligned = new Uint8Array(BLOCK_BYTES)
const FRAMES_BYTES = (BLOCK_BYTES - CHUNK_HEADER_BYTES - FRAMES_HEADER_BYTES) & ~7
const file = path.join(dir, 'file')

const PARTS = {
  drain: () => {
    while (journal.pass() > 0) {
      // until the ring is empty
    }
  },
  memoryCopy: () => target.set(source),
  /** As the journal does: each run of frames to words, and from there to a place that is no multiple of a word. */
  ringCopy: () => {
    for (let at = 0; at < bytes; at += FRAMES_BYTES) {
      aligned.set(shared.subarray(at, at + FRAMES_BYTES))
      block.set(aligned.subarray(0, FRAMES_BYTES), CHUNK_HEADER_BYTES + FRAMES_HEADER_BYTES)
    }
  },
  findFrames: () => {
    // Reads along with the journal's own reader, and gives nothing back.
    const reader = new RingReader(ring, journal.journaled)
    let found = 0
    while (reader.take(BLOCK_BYTES)) found += reader.rows
    if (found !== rows) throw new Error(`${found} of ${rows} rows were found`)
  },
  checksum: () => {
    for (let at = 0; at < bytes; at += BLOCK_BYTES) {
      sum ^= crcOf(target, at, Math.min(at + BLOCK_BYTES, bytes), 0)
    }
  },
  write: () => {
    const fd = openSync(file, 'w')
    for (let at = 0; at < bytes; at += WRITE_BYTES) {
      writeSync(fd, target, at, Math.min(WRITE_BYTES, bytes - at), at)
    }
    closeSync(fd)
  },
}
type Part = keyof typeof PARTS

let sum = 0
/** The frames are found while they are there: before the drain. */
const ORDERS: readonly (readonly Part[])[] = [
  ['memoryCopy', 'findFrames', 'ringCopy', 'drain', 'checksum', 'write'],
  ['checksum', 'write', 'ringCopy', 'findFrames', 'drain', 'memoryCopy'],
]
const result: Record<Part, number[]> = {
  drain: [],
  memoryCopy: [],
  ringCopy: [],
  findFrames: [],
  checksum: [],
  write: [],
}
let logged = 0
for (let round = -Math.ceil(rounds / 3); round < rounds; round++) {
  for (let i = 0; i < rows; i++, logged++) {
    if (metrics === 1) handle.log(i * 0.1, logged)
    else logTen(producer, i * 0.1, logged)
  }
  for (const part of ORDERS[round & 1]!) {
    const start = performance.now()
    PARTS[part]()
    const ms = performance.now() - start
    // The first rounds warm up.
    if (round >= 0) result[part].push(bytes / ms)
  }
  unlinkSync(file)
}
journal.close()
if (journal.journaled !== logged) throw new Error(`${journal.journaled} of ${logged} rows are in the journal`)
report({ ...result, bytes, alive: sum !== 0 })
