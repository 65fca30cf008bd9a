import type { DuckDBConnection } from '@duckdb/node-api'
import { metricsToJson } from '../checkpoint/manifest.js'
import { readCheckpoints } from '../store/runs/run-checkpoints.js'
import type { StoredRun } from '../store/runs/stored-run.js'
import { loadDuckDb, runSql } from './duckdb.js'
import { appendDouble, appendText } from './run-tables.js'

const CHECKPOINTS = `create table checkpoints (
  run varchar, step bigint, epoch double, time timestamp, bytes bigint, metrics json, best boolean, latest boolean,
  damaged boolean, attempt integer, git_commit varchar, path varchar)`

const ARTIFACTS = `create table artifacts (
  run varchar, name varchar, version integer, type varchar, aliases varchar[], files integer, bytes bigint, step double,
  time timestamp, digest varchar, metadata json)`

/** One row per checkpoint. Their sizes are compared, not every byte. */
export async function createCheckpoints(
  connection: DuckDBConnection,
  runs: readonly StoredRun[],
): Promise<void> {
  const { timestampValue } = await loadDuckDb()
  await runSql(connection, CHECKPOINTS)
  const appender = await connection.createAppender('checkpoints')
  for (const run of runs) {
    const { checkpoints, best, latest } = readCheckpoints(run, 'size')
    for (const { step, epoch, time, bytes, metrics, attempt, gitCommit, path, problems } of checkpoints) {
      appender.appendVarchar(run.id)
      appender.appendBigInt(BigInt(step))
      appendDouble(appender, epoch)
      appender.appendTimestamp(timestampValue(BigInt(Math.round(time)) * 1000n))
      appender.appendBigInt(BigInt(bytes))
      appender.appendVarchar(JSON.stringify(metricsToJson(metrics)))
      for (const flag of [step === best?.step, step === latest?.step, problems.length > 0])
        appender.appendBoolean(flag)
      appender.appendInteger(attempt)
      appendText(appender, gitCommit)
      appender.appendVarchar(path)
      appender.endRow()
    }
  }
  appender.closeSync()
}

/** One row per version. Reads the journals of runs that have artifacts. */
export async function createArtifacts(
  connection: DuckDBConnection,
  runs: readonly StoredRun[],
): Promise<void> {
  const { LIST, timestampValue, VARCHAR } = await loadDuckDb()
  await runSql(connection, ARTIFACTS)
  const appender = await connection.createAppender('artifacts')
  for (const run of runs) {
    const versions = run.artifacts().flatMap((artifact) => artifact.versions)
    run.close()
    for (const { name, version, type, aliases, entries, bytes, step, time, digest, metadata } of versions) {
      for (const text of [run.id, name]) appender.appendVarchar(text)
      appender.appendInteger(version)
      appender.appendVarchar(type)
      appender.appendList([...aliases], LIST(VARCHAR))
      appender.appendInteger(entries.length)
      appender.appendBigInt(BigInt(bytes))
      appendDouble(appender, step)
      appender.appendTimestamp(timestampValue(BigInt(Math.round(time)) * 1000n))
      for (const text of [digest, JSON.stringify(metadata)]) appender.appendVarchar(text)
      appender.endRow()
    }
  }
  appender.closeSync()
}
