import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { plainRunFile } from '../../../src/store/plain-run-file.js'
import { type RunFile, writeRunFile } from '../../../src/store/run-file.js'
import { readBatches } from '../../../src/store/runs/read-rows.js'
import { StoredRun } from '../../../src/store/runs/stored-run.js'
import { JournalMaker } from '../../support/journal-maker.js'

export type Row = readonly [
  step: number,
  values: Readonly<Record<string, number | bigint>>,
  producer?: number,
]

/** A run directory with a real journal, as it is when a run has ended. */
export function storedRun(
  root: string,
  id: string,
  rows: readonly Row[],
  file: Partial<RunFile> = {},
): StoredRun {
  const project = file.project ?? 'p'
  const dir = join(root, project, id)
  mkdirSync(dir, { recursive: true })
  const journal = new JournalMaker(dir, { producers: 2 })
  for (const [step, values, producer] of rows) {
    journal.row(values as Record<string, number>, step, producer)
    // Rows of two producers keep their order.
    journal.flush()
  }
  journal.close()
  const time = '2026-01-02T03:04:05.678Z'
  const known = {
    id,
    project,
    status: 'completed',
    startTime: time,
    endTime: time,
    durationSeconds: 0,
  } as const
  writeRunFile(dir, plainRunFile({ ...known, ...file }))
  return new StoredRun(dir)
}

export interface JournalPoint {
  readonly run: string
  readonly producer: number
  readonly step: number
  readonly time: number
  readonly name: string
  readonly value: number
}

/** All values of a journal, in its order. */
export function journalPoints({ id, dir }: StoredRun): JournalPoint[] {
  return [...pointsOf(id, dir)]
}

function* pointsOf(run: string, dir: string): Generator<JournalPoint> {
  for (const batch of readBatches(dir)) {
    for (let row = 0; row < batch.count; row++) {
      for (let slot = batch.offsets[row]!; slot < batch.offsets[row + 1]!; slot++) {
        const [producer, step, time] = [batch.producers[row]!, batch.steps[row]!, batch.times[row]!]
        yield { run, producer, step, time, name: batch.names[batch.keys[slot]!]!, value: batch.values[slot]! }
      }
    }
  }
}
