import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { plainRunFile } from '../../src/store/plain-run-file.js'
import { type RunFile, writeRunFile } from '../../src/store/run-file.js'
import { JournalMaker } from './journal-maker.js'

export const START = Date.parse('2026-11-20T10:00:00Z')

export interface StoredRows {
  readonly [step: number]: { readonly [metric: string]: number }
}

/** A run directory `root/project/id` as a run leaves it: run.json, and a journal with the rows. Returns its path. */
export function storeRun(
  root: string,
  file: Partial<RunFile> & { id: string },
  rows: StoredRows = {},
): string {
  const { project = 'p', id } = file
  const dir = join(root, project, id)
  mkdirSync(dir, { recursive: true })
  writeRunFile(dir, plainRunFile({ ...finished, project, ...file }))
  const maker = new JournalMaker(dir)
  for (const [step, values] of Object.entries(rows)) maker.row(values, Number(step))
  maker.flush()
  maker.close()
  return dir
}

const finished = {
  status: 'completed',
  startTime: new Date(START).toISOString(),
  endTime: new Date(START + 60_000).toISOString(),
  durationSeconds: 60,
  sinks: [{ name: 'summary', module: null, export: 'default', options: { goals: {} } }],
  delivered: true,
} as const
