import type { DuckDBConnection } from '@duckdb/node-api'
import { bestOf, goalFor } from '../store/runs/helpers.js'
import type { StoredRun } from '../store/runs/stored-run.js'
import type { SummaryMetric } from '../store/runs/types.js'
import { loadDuckDb, runSql } from './duckdb.js'

const RUNS = `create table runs (
  id varchar, project varchar, name varchar, status varchar, start_time timestamp, end_time timestamp,
  duration double, tags varchar[], "group" varchar, job_type varchar, notes varchar, config json,
  git_commit varchar, git_branch varchar, exit_code integer, host varchar, url varchar, dir varchar, resumes integer)`

const SUMMARY = `create table summary (
  run varchar, name varchar, first double, last double, min double, max double, mean double, best double,
  first_step double, last_step double, min_step double, max_step double, best_step double,
  count bigint, non_finite bigint)`

export type Appender = Awaited<ReturnType<DuckDBConnection['createAppender']>>
type Cell = string | number | null

/** One row per run. */
export async function createRuns(connection: DuckDBConnection, runs: readonly StoredRun[]): Promise<void> {
  const { LIST, timestampValue, VARCHAR } = await loadDuckDb()
  const appendTime = (milliseconds: number | null): void => {
    if (milliseconds === null || Number.isNaN(milliseconds)) appender.appendNull()
    else appender.appendTimestamp(timestampValue(BigInt(Math.round(milliseconds)) * 1000n))
  }
  await runSql(connection, RUNS)
  const appender = await connection.createAppender('runs')
  for (const run of runs) {
    const { file, git } = run
    const texts = [run.id, run.project, run.name, run.status]
    for (const text of texts) appender.appendVarchar(text)
    appendTime(run.startTime)
    appendTime(run.endTime)
    appendDouble(appender, run.durationSeconds)
    appender.appendList([...run.tags], LIST(VARCHAR))
    const more: Cell[] = [run.group, file.jobType, run.notes, JSON.stringify(run.config)]
    for (const text of [...more, git?.commit, git?.branch]) appendText(appender, text)
    if (file.exitCode === undefined) appender.appendNull()
    else appender.appendInteger(file.exitCode)
    for (const text of [file.hardware?.hostname, run.url, run.dir]) appendText(appender, text)
    appender.appendInteger(run.resumes.length)
    appender.endRow()
  }
  appender.closeSync()
}

/** One row per run and metric: what the metric came to. Cheap: it is read from summary.json. */
export async function createSummary(connection: DuckDBConnection, runs: readonly StoredRun[]): Promise<void> {
  await runSql(connection, SUMMARY)
  const appender = await connection.createAppender('summary')
  for (const run of runs) {
    for (const [name, metric] of Object.entries(run.summary().metrics))
      appendMetric(appender, run, name, metric)
  }
  appender.closeSync()
}

function appendMetric(appender: Appender, run: StoredRun, name: string, metric: SummaryMetric): void {
  const goal = goalFor(run, name)
  const best = goal === null ? null : bestOf(metric, goal)
  appender.appendVarchar(run.id)
  appender.appendVarchar(name)
  const { first, last, min, max, mean } = metric
  for (const value of [first.value, last.value, min?.value, max?.value, mean, best?.value]) {
    appendDouble(appender, value)
  }
  for (const point of [first, last, min, max, best]) appendDouble(appender, point?.step)
  appender.appendBigInt(BigInt(metric.count))
  appender.appendBigInt(BigInt(metric.nonFinite))
  appender.endRow()
}

export function appendText(appender: Appender, text: Cell | undefined): void {
  if (text === null || text === undefined) appender.appendNull()
  else appender.appendVarchar(String(text))
}

export function appendDouble(appender: Appender, value: number | null | undefined): void {
  if (value === null || value === undefined) appender.appendNull()
  else appender.appendDouble(value)
}
