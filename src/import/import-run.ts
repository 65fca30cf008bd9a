import { mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hashConfig } from '../daemon/context/config-hash.js'
import { createRunDirectory, formatRunId } from '../daemon/context/run-id.js'
import { recoverRun } from '../recovery/recover-run.js'
import { plainRunFile } from '../store/plain-run-file.js'
import { writeRunFile } from '../store/run-file.js'
import { findImported, hashFiles } from './identity.js'
import { ImportedJournal } from './journal.js'
import { ImportError, type ImportedFacts, type ImportedRunFile, type RunSource } from './types.js'

const PROJECT = 'imported'
const SUMMARY_SINK = { name: 'summary', module: null, export: 'default', options: {} } as const

export interface ImportOptions {
  /** Directory of runs. */
  readonly root: string
  /** Default: what the source says, else `imported`. */
  readonly project?: string
  readonly name?: string
}

export interface ImportedRun {
  readonly id: string
  readonly dir: string
  /** False: it was there already, from the same content. */
  readonly imported: boolean
  readonly rows: number
  readonly values: number
  readonly leftOut: ImportedFacts['leftOut']
}

/** What is known of the journal once it is written. */
interface Written {
  readonly rows: number
  readonly values: number
  /** Milliseconds since the epoch. */
  readonly firstTime: number
  readonly lastTime: number
  readonly lastStep: number
}

/**
 * Makes a run directory of a source: journal, run.json and summary.json, as the run itself would have left them. The
 * directory appears when it is whole. The same content is not imported twice. Blocks for file calls.
 *
 * Throws ImportError where the source has no rows, RunDirectoryError, and the file system's errors.
 */
export async function importRun(source: RunSource, options: ImportOptions): Promise<ImportedRun> {
  const sha256 = hashFiles(source.files)
  const known = findImported(options.root, sha256)
  if (known !== null) return { ...known, imported: false, rows: 0, values: 0, leftOut: {} }
  // A name with a dot is no run's: nobody lists it.
  const temporary = join(options.root, `.import-${process.pid}-${sha256}`)
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(temporary, { recursive: true })
  try {
    const reader = source.open()
    const journal = new ImportedJournal(temporary, sha256)
    const written = writeRecords(journal, reader.records())
    const facts = { ...reader.facts(), ...(options.name !== undefined && { name: options.name }) }
    if (Object.keys(facts.summary).length > 0) {
      const record = { kind: 'summary', name: 'summary', producer: 0 } as const
      journal.addUpdate(
        { ...record, value: { values: facts.summary, removed: [] } },
        written.lastStep,
        written.lastTime,
      )
    }
    journal.close()
    if (journal.rows === 0) throw new ImportError(`${source.path} has no metrics: there is nothing to import`)
    const run = place(temporary, { source, sha256, facts, written, records: journal.rows }, options)
    await recoverRun(run.dir)
    const { rows, values } = written
    return { ...run, imported: true, rows, values, leftOut: facts.leftOut }
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

function writeRecords(
  journal: ImportedJournal,
  records: ReturnType<ReturnType<RunSource['open']>['records']>,
): Written {
  let values = 0
  let count = 0
  let lastStep = 0
  let firstTime = Number.POSITIVE_INFINITY
  let lastTime = Number.NEGATIVE_INFINITY
  for (const record of records) {
    if ('update' in record) journal.addUpdate(record.update, record.step, record.time)
    else if (record.values.size === 0) continue
    else {
      journal.add(record)
      count++
      values += record.values.size
      lastStep = record.step
    }
    firstTime = Math.min(firstTime, record.time)
    lastTime = Math.max(lastTime, record.time)
  }
  return { rows: count, values, firstTime, lastTime, lastStep }
}

interface Made {
  readonly source: RunSource
  readonly sha256: string
  readonly facts: ImportedFacts
  readonly written: Written
  readonly records: number
}

/** Writes run.json and moves the directory to where runs are. */
function place(
  temporary: string,
  made: Made,
  { root, project }: ImportOptions,
): { readonly id: string; readonly dir: string } {
  const start = startOf(made)
  const into = project ?? fitProject(made.facts.project) ?? PROJECT
  const { id, dir } = createRunDirectory(root, into, formatRunId(made.facts.name, start, made.sha256))
  writeRunFile(temporary, runFile(id, into, start, made), { sync: true })
  // It was made to be ours alone, and is empty: a directory can only take the place of one that is not there.
  rmdirSync(dir)
  renameSync(temporary, dir)
  return { id, dir }
}

/** As the name of a directory; null where it cannot be one. */
function fitProject(project: string | null): string | null {
  const fit = project?.replace(/[^\w.-]+/g, '-').replace(/^[.-]+/, '') ?? ''
  return fit === '' ? null : fit
}

function startOf({ facts, written }: Made): number {
  if (facts.startTime !== null) return facts.startTime
  return Number.isFinite(written.firstTime) ? written.firstTime : 0
}

function runFile(id: string, project: string, start: number, made: Made): ImportedRunFile {
  const { facts, written, source, sha256, records } = made
  const end = Math.max(start, Number.isFinite(written.lastTime) ? written.lastTime : start)
  const { leftOut, summary: _, startTime: __, project: ___, ...rest } = facts
  const known = {
    id,
    ...rest,
    project,
    startTime: new Date(start).toISOString(),
    endTime: new Date(end).toISOString(),
    durationSeconds: (end - start) / 1000,
    configSha256: hashConfig(facts.config),
    sinks: [SUMMARY_SINK],
    delivered: false,
    records: { accepted: records, journaled: records, dropped: 0 },
  }
  return {
    ...plainRunFile(known),
    imported: { from: source.kind, path: source.path, sha256, time: new Date().toISOString(), leftOut },
  }
}
