/**
 * Rows into a journal on the disk with all its syncs, and the same writes and syncs into one plain file, which takes
 * turns with it. Bytes per millisecond, one entry per round.
 */
import fs from 'node:fs'
import path from 'node:path'
import { type JournalFs, realFs } from '../../src/journal/files.js'
import { createPipe } from './pipe.js'
import { logTen } from './rows.js'
import { parameters, report } from './support.js'

const { dir, mebibytes, rounds } = parameters<{ dir: string; mebibytes: number; rounds: number }>()

const MIB = 2 ** 20
const ROW_BYTES = 144
const rows = Math.floor((mebibytes * MIB) / ROW_BYTES)
const content = Buffer.alloc(MIB, 1)
const ringBytes = 2 ** Math.ceil(Math.log2((rows + 1000) * ROW_BYTES))

/** Lengths of writes; 0 is a sync. */
let trace: number[] = []
const traced: JournalFs = {
  ...realFs,
  writeSync(fd, buffer, offset, length, position) {
    const written = fs.writeSync(fd, buffer, offset, length, position)
    trace.push(written)
    return written
  },
  fdatasyncSync(fd) {
    fs.fdatasyncSync(fd)
    trace.push(0)
  },
}

/** The ring holds all rows before the clock starts, and nothing waits for a producer. */
function timeJournal(): number {
  trace = []
  const directory = path.join(dir, 'journal')
  const { producer, journal } = createPipe(directory, ringBytes, traced)
  for (let i = 0; i < rows; i++) logTen(producer, i * 0.1, i)
  const start = performance.now()
  while (journal.pass() > 0) {
    // until the ring is empty
  }
  journal.sync()
  const ms = performance.now() - start
  journal.close()
  if (journal.journaled !== rows) throw new Error(`${journal.journaled} of ${rows} rows are in the journal`)
  fs.rmSync(directory, { recursive: true })
  return ms
}

function timePlain(): number {
  const file = path.join(dir, 'plain')
  const start = performance.now()
  const fd = fs.openSync(file, 'wx')
  let at = 0
  for (const length of trace) {
    if (length === 0) fs.fdatasyncSync(fd)
    else at += fs.writeSync(fd, content, 0, length, at)
  }
  const ms = performance.now() - start
  fs.closeSync(fd)
  fs.unlinkSync(file)
  return ms
}

const result = { journal: [] as number[], before: [] as number[], after: [] as number[] }
// Warms up, and is what the plain file repeats.
timeJournal()
timePlain()
const bytes = trace.reduce((sum, length) => sum + length, 0)
const syncs = trace.filter((length) => length === 0).length
for (let round = 0; round < rounds; round++) {
  result.before.push(bytes / timePlain())
  result.journal.push(bytes / timeJournal())
  result.after.push(bytes / timePlain())
}
report({ ...result, bytes, syncs, writes: trace.length - syncs })
