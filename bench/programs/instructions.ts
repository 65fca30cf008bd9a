/**
 * Work whose instructions an outer tool counts: it is done once, and again with twice as much of one kind, and the
 * difference is that kind's alone. One thread: rings and journals without a run around them.
 */
import path from 'node:path'
import type { RingJournal } from '../../src/journal/ring-journal.js'
import type { Drained, Work } from '../instructions/work.js'
import { createPipe } from './pipe.js'
import { logTen } from './rows.js'
import { parameters, report } from './support.js'

const MIB = 2 ** 20
/** Below half full with all that is logged here: no call looks whether the drain has to be woken. */
const RING_BYTES = 32 * MIB
const WARM_UPS = 12
const WARM_UP: Work = { clock: 4000, scalar: 8000, row: 6000, scalarPasses: 2, rowPasses: 2 }

const { dir, work } = parameters<{ dir: string; work: Work }>()
const scalars = createPipe(path.join(dir, 'scalars'), RING_BYTES)
const rows = createPipe(path.join(dir, 'rows'), RING_BYTES)
const handle = scalars.producer.scalar('train/loss')
let clock = 0

for (let i = 0; i < WARM_UPS; i++) perform(WARM_UP)
// What is left of the start must not be collected while anything counts.
globalThis.gc!()
const before = moved()
perform(work)
const after = moved()
const drained: Drained = { scalars: after.scalars - before.scalars, rows: after.rows - before.rows }
if (drained.scalars > work.scalar || drained.rows > work.row) throw new Error('More was drained than logged')
report({ ...drained, alive: clock > 0 })

function perform({ clock: reads, scalar, row, scalarPasses, rowPasses }: Work): void {
  readClock(reads)
  logScalars(scalar)
  logRows(row)
  drain(scalars.journal, scalarPasses)
  drain(rows.journal, rowPasses)
}

function readClock(reads: number): void {
  let last = 0
  for (let i = 0; i < reads; i++) last = Date.now()
  clock = last
}

function logScalars(calls: number): void {
  for (let i = 0; i < calls; i++) handle.log(i * 0.1, i)
}

function logRows(calls: number): void {
  for (let i = 0; i < calls; i++) logTen(rows.producer, i * 0.1, i)
}

function drain(journal: RingJournal, passes: number): void {
  for (let i = 0; i < passes; i++) journal.pass()
}

function moved(): Drained {
  return { scalars: scalars.journal.journaled, rows: rows.journal.journaled }
}
