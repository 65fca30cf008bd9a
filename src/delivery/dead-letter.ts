import fs from 'node:fs'
import path from 'node:path'
import type { RecordBatch } from '../record/batch.js'
import { syncDirectory } from '../store/atomic-file.js'

export interface DeadLetter {
  readonly row: number
  readonly cause: string
  readonly reason: string
}

/** `<run>/dead-letter/<sink>.jsonl`, and the part of it that is committed. */
export interface DeadLetterFile {
  readonly runDir: string
  readonly sink: string
  readonly length: number
  /** Told where earlier letters are missing. */
  warn(kind: string, message: string): void
}

const deadLetterPath = ({ runDir, sink }: DeadLetterFile): string =>
  path.join(runDir, 'dead-letter', `${sink}.jsonl`)

/**
 * Cuts what a crash left beyond the committed length: those rows come again, and may be accepted then. Does
 * nothing where the file is not there.
 */
export function trimDeadLetters(letters: DeadLetterFile): void {
  const file = deadLetterPath(letters)
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > letters.length) fs.truncateSync(file, letters.length)
}

/**
 * Appends rows that a destination refuses for good, whole and with the reason. Durable when it returns: nothing
 * can make them again. Returns the new length. Where the file is shorter than its committed length, it goes on
 * after its last whole line.
 */
export function appendDeadLetters(
  letters: DeadLetterFile,
  batch: RecordBatch,
  rejected: readonly DeadLetter[],
): number {
  if (rejected.length === 0) return letters.length
  const file = deadLetterPath(letters)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const lines = rejected.map((letter) => `${JSON.stringify(describe(batch, letter))}\n`).join('')
  const bytes = Buffer.from(lines, 'utf8')
  const fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644)
  let start: number
  try {
    start = startIn(fd, file, letters)
    fs.ftruncateSync(fd, start)
    for (let done = 0; done < bytes.length; ) {
      done += fs.writeSync(fd, bytes, done, bytes.length - done, start + done)
    }
    fs.fdatasyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
  if (start === 0) {
    // A new file is only as safe as its name, and its directory's.
    syncDirectory(path.dirname(file))
    syncDirectory(letters.runDir)
  }
  return start + bytes.length
}

/** Where to go on: the committed length, or less where a part of the file is gone. */
function startIn(fd: number, file: string, { length, warn }: DeadLetterFile): number {
  const { size } = fs.fstatSync(fd)
  if (size >= length) return length
  const kept = Buffer.alloc(size)
  let read = 0
  for (let count = 1; read < size && count > 0; read += count) {
    count = fs.readSync(fd, kept, read, size - read, read)
  }
  const start = kept.subarray(0, read).lastIndexOf('\n') + 1
  warn(
    'dead-letters-lost',
    `${file} holds ${start} of ${length} bytes that were written to it: the missing rows are in the journal only`,
  )
  return start
}

function describe(batch: RecordBatch, { row, cause, reason }: DeadLetter): object {
  const media = batch.media.get(row)
  const texts = batch.texts()
  const values: Record<string, unknown> = {}
  for (let slot = batch.offsets[row]!; slot < batch.offsets[row + 1]!; slot++) {
    const value = batch.values[slot]!
    const exact = Number.isFinite(value) && !batch.integers.has(slot)
    values[batch.names[batch.keys[slot]!]!] = exact ? value : texts[slot]
  }
  return {
    cause,
    reason,
    step: batch.steps[row],
    time: batch.times[row],
    producer: batch.producers[row],
    sequence: batch.sequences[row],
    ...(media === undefined ? { values } : { media }),
  }
}
