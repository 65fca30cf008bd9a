import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { RUN_FILE_FORMAT, type RunFile, writeRunFile } from '../../src/store/run-file.js'
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
  writeRunFile(dir, { ...runFile(id), project, ...file })
  const maker = new JournalMaker(dir)
  for (const [step, values] of Object.entries(rows)) maker.row(values, Number(step))
  maker.flush()
  maker.close()
  return dir
}

function runFile(id: string): RunFile {
  return {
    format: RUN_FILE_FORMAT,
    id,
    project: 'p',
    name: id,
    status: 'completed',
    startTime: new Date(START).toISOString(),
    endTime: new Date(START + 60_000).toISOString(),
    durationSeconds: 60,
    config: {},
    configSha256: null,
    tags: [],
    notes: '',
    group: null,
    jobType: null,
    git: null,
    command: null,
    software: null,
    hardware: null,
    producers: [{ id: 0, name: 'main' }],
    sinks: [{ name: 'summary', module: null, export: 'default', options: { goals: {} } }],
    delivered: true,
  }
}
