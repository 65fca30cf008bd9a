/** Records whose checksum is right and whose content is not: a fault of ours, or of the memory. They cost themselves. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { segmentPath } from '../../src/journal/files.js'
import { CHUNK, CHUNK_HEADER_BYTES, sealChunk } from '../../src/journal/framing.js'
import { encodeFrames, PAYLOAD, PAYLOAD_VERSION } from '../../src/journal/payload.js'
import { JournalReader } from '../../src/journal/reader.js'
import { scanJournal } from '../../src/journal/scan.js'
import { encodeMedia } from '../../src/record/media-frame.js'
import { temporaryDirectory } from '../support/directory.js'
import { JournalMaker } from '../support/journal-maker.js'

/** A sound chunk. */
function chunkOf(payload: Uint8Array): Buffer {
  const chunk = Buffer.alloc(CHUNK_HEADER_BYTES + payload.length)
  chunk.set(payload, CHUNK_HEADER_BYTES)
  sealChunk(chunk, 0, payload.length, CHUNK.FULL)
  return chunk
}

/** Rows 0 to 9, then the chunk, then, by another writer, rows 10 to 19. */
function journalWith(payload: Uint8Array): string {
  const runDir = temporaryDirectory()
  const first = new JournalMaker(runDir)
  first.append(10)
  first.close()
  const directory = join(runDir, 'journal')
  appendFileSync(segmentPath(directory, 1), chunkOf(payload))
  const second = new JournalMaker(runDir, { producers: 2 })
  second.append(10, 0, 1)
  second.close()
  return directory
}

function read(directory: string): { rows: number; media: number; lost: number } {
  const reader = new JournalReader(directory)
  let rows = 0
  let media = 0
  for (let batch = reader.read(); batch !== null; batch = reader.read()) {
    rows += batch.count
    media += batch.media.size
  }
  reader.close()
  return { rows, media, lost: reader.lost }
}

test.for(['', '{"note":"seg'])('a note with the text %j is damage, and no reader stops at it', (text) => {
  const note = Buffer.concat([Buffer.from([PAYLOAD.NOTE, PAYLOAD_VERSION, 0, 0]), Buffer.from(text)])
  const directory = journalWith(note)
  expect(read(directory)).toEqual({ rows: 20, media: 0, lost: 0 })
  expect(scanJournal(directory).damage).toMatchObject([{ segment: 1, kind: 'record' }])
})

test('a media record that cannot be read is lost and counted, and those around it are read', () => {
  const record = { kind: 'text', name: 'note', producer: 0, value: { text: 'x' } } as const
  const frames = [0, 1, 2].map((sequence) => Buffer.from(encodeMedia(record, sequence, 0, 0)))
  frames[1]!.fill(0x20, 32)
  const directory = journalWith(encodeFrames(7, 3, 0, Buffer.concat(frames)))
  expect(read(directory)).toEqual({ rows: 22, media: 2, lost: 1 })
})
