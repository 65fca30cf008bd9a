/**
 * Makes what `reading` reads, by the code that live runs use: runs of many points, and, apart from them, many runs of few: a
 * list has to read the last rows of each run that was killed.
 */
import { cpSync, rmSync } from 'node:fs'
import path from 'node:path'
import { recoverRun } from '../../src/recovery/recover-run.js'
import type { RunStatus } from '../../src/sinks/sink.js'
import { plainRunFile } from '../../src/store/plain-run-file.js'
import { writeRunFile } from '../../src/store/run-file.js'
import type { MadeRuns } from '../reading/runs.js'
import { createPipe } from './pipe.js'
import { logTen } from './rows.js'
import { parameters, report } from './support.js'

const ROWS_AT_ONCE = 4000
const SUMMARY = { name: 'summary', module: null, export: 'default', options: {} }

const { dir, runs } = parameters<{ dir: string; runs: MadeRuns }>()
const large = path.join(dir, 'large', 'bench')
const many = path.join(dir, 'many', 'bench')

for (const { id, points, metrics, status } of runs.large) {
  makeJournal(path.join(large, id), points, metrics)
  describe(large, id, status, 0)
}
// One run is made in full, and the others are copies under their own names.
const template = 'template'
makeJournal(path.join(many, template), runs.small.points, 10)
describe(many, template, 'completed', 0)
await recoverRun(path.join(many, template))
for (let index = 0; index < runs.small.count; index++) {
  const id = `run-${index}`
  cpSync(path.join(many, template), path.join(many, id), { recursive: true })
  describe(many, id, 'completed', index)
}
rmSync(path.join(many, template), { recursive: true })
report({})

/** Rows of ten metrics, or of one, which is logged by its handle. */
function makeJournal(runDir: string, points: number, metrics: 1 | 10): void {
  const { producer, journal } = createPipe(path.join(runDir, 'journal'))
  const handle = producer.scalar('train/loss')
  const rows = points / metrics
  for (let step = 0; step < rows; ) {
    for (const end = Math.min(rows, step + ROWS_AT_ONCE); step < end; step++) {
      const loss = 1 + Math.sin(step * 0.001) / (1 + step * 0.001)
      if (metrics === 1) handle.log(loss, step)
      else logTen(producer, loss, step)
    }
    while (journal.pass() > 0) {
      // until the ring is empty
    }
  }
  if (journal.journaled !== rows) throw new Error(`${journal.journaled} of ${rows} rows are in the journal`)
  journal.sync()
  journal.close()
}

function describe(project: string, id: string, status: RunStatus, index: number): void {
  const startTime = new Date(1_760_000_000_000 + index * 1000).toISOString()
  const ended = status !== 'running' && { endTime: startTime, durationSeconds: 60 }
  const known = { id, project: 'bench', status, startTime, ...ended }
  const config = { lr: 10 ** -(1 + (index % 5)), seed: index }
  writeRunFile(path.join(project, id), plainRunFile({ ...known, config, sinks: [SUMMARY] }))
}
