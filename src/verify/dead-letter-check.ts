import fs from 'node:fs'
import path from 'node:path'
import type { Cursor } from '../delivery/cursor.js'
import type { FileCheck } from './report.js'
import { TextFile } from './text-file.js'

const WINDOW_BYTES = 256 * 1024

/** The dead-letter file of a sink; null where the cursor knows of none. `lost`: records that have no letter. */
export function checkDeadLetters(runDir: string, cursor: Cursor, lost: number): FileCheck | null {
  const { sink, deadLetterBytes, counts } = cursor
  if (deadLetterBytes === 0) return null
  const file = path.join('dead-letter', `${sink}.jsonl`)
  const { lines, broken, bytes } = countLines(path.join(runDir, file), file, deadLetterBytes)
  // Records that the journal had lost before they were delivered are counted too, and nobody could write them down.
  const missing = Math.max(0, counts.deadLettered - lost - lines)
  const short = bytes < deadLetterBytes
  const problem = short ? `${file} holds ${bytes} of ${deadLetterBytes} bytes` : null
  return {
    file,
    result: bytes === 0 ? 'missing' : short || broken + missing > 0 ? 'damaged' : 'ok',
    problem,
    bytes,
    uncommittedBytes: Math.max(0, bytes - deadLetterBytes),
    unit: 'row',
    differing: broken,
    missing,
    extra: 0,
    onlyHere: 0,
    first: null,
  }
}

function countLines(
  path: string,
  name: string,
  committed: number,
): { lines: number; broken: number; bytes: number } {
  const { size: bytes = 0 } = fs.statSync(path, { throwIfNoEntry: false }) ?? {}
  let lines = 0
  let broken = 0
  if (bytes === 0) return { lines, broken, bytes }
  const file = new TextFile(path, name, committed, (text) => {
    return { text, id: null, producer: null, sequence: null, order: null, nameless: false }
  })
  try {
    for (let units = file.peek(WINDOW_BYTES); units.length > 0; units = file.peek(WINDOW_BYTES)) {
      for (const { text } of units) {
        lines++
        if (!isJson(text)) broken++
      }
      file.skip(units.length)
    }
  } finally {
    file.close()
  }
  return { lines, broken, bytes }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // That is the answer.
    return false
  }
}
