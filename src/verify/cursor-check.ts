import fs from 'node:fs'
import path from 'node:path'
import { type Cursor, readCursor } from '../delivery/cursor.js'
import { listSegments, segmentPath } from '../journal/files.js'
import { BLOCK_BYTES, CHUNK, type Chunk, readChunk } from '../journal/framing.js'
import { JOURNAL_START, offsetOf, segmentOf } from '../journal/position.js'
import type { CursorCheck } from './report.js'

export interface ReadCursorFile {
  readonly cursor: Cursor
  readonly result: CursorCheck['result']
  readonly problem: string | null
}

/** The cursor as delivery reads it, and whether its file is whole. */
export function readCursorFile(runDir: string, sink: string): ReadCursorFile {
  const name = path.join('cursors', `${sink}.json`)
  const cursor = readCursor(runDir, sink)
  let text: string
  try {
    text = fs.readFileSync(path.join(runDir, name), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { cursor, result: 'missing', problem: `${name} is not there` }
  }
  // Delivery takes a file that it cannot read for none, and begins again: here it is damage.
  if (!holds(text, cursor)) return { cursor, result: 'damaged', problem: `${name} cannot be read` }
  if (cursor.sink !== sink) {
    return { cursor, result: 'damaged', problem: `${name} is the cursor of "${cursor.sink}"` }
  }
  return { cursor, result: 'ok', problem: null }
}

function holds(text: string, cursor: Cursor): boolean {
  try {
    const { crc32: _, ...fields } = JSON.parse(text) as Cursor & { crc32?: number }
    return JSON.stringify(fields) === JSON.stringify(cursor)
  } catch {
    // No JSON, so not what a commit wrote.
    return false
  }
}

export const recordsBehind = ({ place }: Cursor): number =>
  Object.values(place.next).reduce((sum, next) => sum + next, 0)

export interface CursorProblem {
  readonly message: string
  /** It stands behind the journal's end: then it may be the journal that is wrong. */
  readonly ahead: boolean
}

/** What is wrong with a cursor by itself and by the journal's framing; null where nothing is. */
export function cursorProblem(journal: string, cursor: Cursor): CursorProblem | null {
  const { delivered, deadLettered, notApplicable } = cursor.counts
  const settled = delivered + deadLettered + notApplicable
  const records = recordsBehind(cursor)
  if (settled !== records) {
    const message = `its counts make ${settled} records, and its place is behind ${records}`
    return { message, ahead: false }
  }
  return placeProblem(journal, cursor.place.position)
}

function placeProblem(journal: string, position: number): CursorProblem | null {
  if (position === JOURNAL_START) return null
  const [segment, offset] = [segmentOf(position), offsetOf(position)]
  const where = `byte ${offset} of segment ${segment}`
  const ahead = { message: `it stands at ${where}, which does not exist`, ahead: true }
  const segments = listSegments(journal)
  // A segment that was lost says nothing against the cursor: the journal's check tells.
  if (!segments.includes(segment)) return segment > (segments.at(-1) ?? 0) ? ahead : null
  const fd = fs.openSync(segmentPath(journal, segment), 'r')
  try {
    if (offset > fs.fstatSync(fd).size) return ahead
    return isBoundary(fd, offset) ? null : { message: `it stands inside a record: ${where}`, ahead: false }
  } finally {
    fs.closeSync(fd)
  }
}

/** True where a record begins or may begin at `offset`; also where damage before it in its block hides that. */
function isBoundary(fd: number, offset: number): boolean {
  const block = Buffer.alloc(BLOCK_BYTES)
  const base = offset - (offset % BLOCK_BYTES)
  const bytes = fs.readSync(fd, block, 0, BLOCK_BYTES, base)
  const chunk: Chunk = { type: 0, start: 0, end: 0 }
  const wanted = offset - base
  let at = 0
  while (at < wanted) {
    const result = readChunk(block, at, BLOCK_BYTES, bytes, chunk)
    if (result !== 'chunk') return true
    at = chunk.end
  }
  if (at !== wanted) return false
  if (at >= bytes || readChunk(block, at, BLOCK_BYTES, bytes, chunk) !== 'chunk') return true
  // The rest of a record whose beginning was lost is gone over at the start of a block only.
  return chunk.type === CHUNK.FULL || chunk.type === CHUNK.FIRST || wanted === 0
}
