import path from 'node:path'
import type { RunStatus } from '../../src/sinks/sink.js'
import { plainRunFile } from '../../src/store/plain-run-file.js'
import { writeRunFile } from '../../src/store/run-file.js'
import { createPipe } from './pipe.js'
import { logTen } from './rows.js'

const MIB = 2 ** 20
const ROWS_AT_ONCE = 4000

/** Makes the journal of a run, by the code that live runs use: rows of ten scalars, segments of 64 MiB. */
export function makeJournal(dir: string, mebibytes: number): void {
  const { producer, journal } = createPipe(path.join(dir, 'journal'))
  let bytes = 0
  for (let step = 0; bytes < mebibytes * MIB; step += ROWS_AT_ONCE) {
    for (let row = 0; row < ROWS_AT_ONCE; row++) logTen(producer, (step + row) * 0.1, step + row)
    for (let moved = journal.pass(); moved > 0; moved = journal.pass()) bytes += moved
  }
  journal.sync()
  journal.close()
}

/** Its run.json. */
export function writeRun(dir: string, sinks: readonly string[], status: RunStatus): void {
  const running = status === 'running'
  const known = {
    id: 'bench',
    project: 'bench',
    status,
    startTime: new Date(0).toISOString(),
    ...(!running && { endTime: new Date().toISOString(), durationSeconds: 1 }),
    sinks: sinks.map((name) => ({ name, module: null, export: 'default', options: {} })),
  }
  writeRunFile(dir, plainRunFile(known))
}
