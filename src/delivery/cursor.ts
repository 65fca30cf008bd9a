import fs from 'node:fs'
import path from 'node:path'
import { FIRST_PLACE, type JournalPlace } from '../journal/reader.js'
import type { SinkState } from '../sinks/sink.js'
import { writeFileAtomic } from '../store/atomic-file.js'

/** How far a sink has come, and what it needs to go on: `cursors/<sink>.json`, replaced as a whole. */
export interface Cursor {
  readonly version: 1
  readonly sink: string
  readonly place: JournalPlace
  readonly counts: {
    readonly delivered: number
    readonly deadLettered: number
    readonly notApplicable: number
  }
  /** Length of the dead-letter file that belongs to this place. */
  readonly deadLetterBytes: number
  /** Failed attempts since the last batch that went through. */
  readonly attempts: number
  readonly lastError: string | null
  readonly state: SinkState | null
}

export const firstCursor = (sink: string): Cursor => ({
  version: 1,
  sink,
  place: FIRST_PLACE,
  counts: { delivered: 0, deadLettered: 0, notApplicable: 0 },
  deadLetterBytes: 0,
  attempts: 0,
  lastError: null,
  state: null,
})

const cursorPath = (runDir: string, sink: string): string => path.join(runDir, 'cursors', `${sink}.json`)

/**
 * The committed cursor; the first one where there is none. A cursor that cannot be read (a power cut may leave
 * an empty file) is the first one too: the sink then begins again from the first record.
 */
export function readCursor(runDir: string, sink: string): Cursor {
  let text: string
  try {
    text = fs.readFileSync(cursorPath(runDir, sink), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return firstCursor(sink)
    throw error
  }
  try {
    const cursor = JSON.parse(text) as Cursor
    const { position, next } = cursor.place
    const counts = Object.values({ ...firstCursor(sink).counts, ...cursor.counts })
    const whole = cursor.version === 1 && cursor.counts !== undefined && typeof next === 'object'
    return whole && [position, cursor.deadLetterBytes, ...counts].every(Number.isFinite)
      ? cursor
      : firstCursor(sink)
  } catch {
    return firstCursor(sink)
  }
}

export function commitCursor(runDir: string, cursor: Cursor): void {
  const file = cursorPath(runDir, cursor.sink)
  const text = JSON.stringify(cursor)
  try {
    writeFileAtomic(file, text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    fs.mkdirSync(path.dirname(file), { recursive: true })
    writeFileAtomic(file, text)
  }
}
