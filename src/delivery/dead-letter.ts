import fs from 'node:fs'
import path from 'node:path'
import type { RecordBatch } from '../record/batch.js'

export interface DeadLetter {
  readonly row: number
  readonly cause: string
  readonly reason: string
}

const deadLetterPath = (runDir: string, sink: string): string =>
  path.join(runDir, 'dead-letter', `${sink}.jsonl`)

/**
 * Appends rows that a destination refuses for good to `dead-letter/<sink>.jsonl`, whole and with the reason.
 * `length` is the committed length: what a crash left beyond it is cut, since those rows come again. Returns
 * the new length.
 */
export function appendDeadLetters(
  runDir: string,
  sink: string,
  length: number,
  batch: RecordBatch,
  letters: readonly DeadLetter[],
): number {
  if (letters.length === 0) return length
  const file = deadLetterPath(runDir, sink)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const lines = letters.map((letter) => `${JSON.stringify(describe(batch, letter))}\n`).join('')
  const bytes = Buffer.from(lines, 'utf8')
  const fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644)
  try {
    fs.ftruncateSync(fd, length)
    for (let done = 0; done < bytes.length; ) {
      done += fs.writeSync(fd, bytes, done, bytes.length - done, length + done)
    }
    fs.fdatasyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
  return length + bytes.length
}

function describe(batch: RecordBatch, { row, cause, reason }: DeadLetter): object {
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
    values,
  }
}
