import fs from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { FIRST_PLACE, type JournalPlace } from '../journal/position.js'
import type { SinkState } from '../sinks/sink.js'
import { writeFileAtomic } from '../store/atomic-file.js'
import { bootId } from '../store/boot-id.js'

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
  /** How often in a row the sink began again without coming further than before, and how far that was. */
  readonly rebuilds?: { readonly count: number; readonly position: number } | undefined
  /** How many rewinds of the journal this knows of: rows that were superseded since may be at the destination. */
  readonly rewinds?: number | undefined
  /** The boot of the machine that wrote this: see store/boot-id.ts. */
  readonly boot?: string | null
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

/**
 * True where the machine may have lost power since the cursor was written: neither the cursor nor a sink's
 * files are fsynced, so files may have the right length and wrong bytes.
 */
export const isSuspect = ({ boot }: Cursor): boolean => (boot ?? null) === null || boot !== bootId()

const cursorPath = (runDir: string, sink: string): string => path.join(runDir, 'cursors', `${sink}.json`)

/** The last field: CRC-32 of the JSON without it, since a power cut may leave any bytes in the file. */
const CHECKSUM = /,"crc32":(\d+)\}$/

function encode(cursor: Cursor): string {
  const json = JSON.stringify(cursor)
  return `${json.slice(0, -1)},"crc32":${crc32(json)}}`
}

/** Null where the text is no whole cursor. One of an older offstep has neither checksum nor boot. */
function decode(text: string): Cursor | null {
  const [field, expected] = CHECKSUM.exec(text) ?? ['', null]
  const json = field === '' ? text : `${text.slice(0, -field.length)}}`
  if (expected !== null && crc32(json) !== Number(expected)) return null
  try {
    const cursor = JSON.parse(json) as Cursor
    const { position, next } = cursor.place
    const counts = Object.values({ ...firstCursor('').counts, ...cursor.counts })
    const checked = expected !== null || cursor.boot === undefined
    const whole = checked && cursor.version === 1 && cursor.counts !== undefined && typeof next === 'object'
    return whole && [position, cursor.deadLetterBytes, ...counts].every(Number.isFinite) ? cursor : null
  } catch {
    return null
  }
}

/**
 * The committed cursor; the first one where there is none. A cursor that cannot be read (a power cut may leave
 * an empty file) is the first one too: the sink then begins again from the first record.
 */
export function readCursor(runDir: string, sink: string): Cursor {
  try {
    return decode(fs.readFileSync(cursorPath(runDir, sink), 'utf8')) ?? firstCursor(sink)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return firstCursor(sink)
    throw error
  }
}

export function commitCursor(runDir: string, cursor: Cursor): void {
  const file = cursorPath(runDir, cursor.sink)
  const text = encode(cursor)
  try {
    writeFileAtomic(file, text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    fs.mkdirSync(path.dirname(file), { recursive: true })
    writeFileAtomic(file, text)
  }
}
