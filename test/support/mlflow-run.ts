import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createSink } from '../../src/sinks/mlflow/sink.js'
import type { Sink, SinkContext, SinkState, WriteResult } from '../../src/sinks/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from '../unit/support/batches.js'
import { committedState, runDirectory, sinkContext } from '../unit/support/sink-run.js'
import { type MlflowScript, ScriptedMlflow } from './mlflow-script.js'
import { metricKey, type ScriptedRun } from './mlflow-script-run.js'

export interface MlflowRun {
  readonly server: ScriptedMlflow
  readonly context: SinkContext
  readonly warnings: string[]
  readonly urls: string[]
  sink: Sink
  state: SinkState | null
  /** Opens the sink at what is committed. */
  open(): Promise<void>
  /** Commits what the sink says. */
  write(...rows: RowLiteral[]): Promise<WriteResult>
  /** As a new thread after a crash: the rows come again from what is committed on. */
  crash(): Promise<void>
  /** The first run at the server. */
  readonly stored: ScriptedRun
}

export interface Parts extends MlflowScript {
  readonly options?: object
  readonly env?: NodeJS.ProcessEnv
  readonly on?: ScriptedMlflow
  readonly runFile?: object
  readonly context?: Partial<SinkContext>
}

/** A sink that is about to be opened on a scripted server of its own. */
export async function prepared({
  options,
  env,
  on,
  runFile,
  context: given,
  ...script
}: Parts = {}): Promise<MlflowRun> {
  const server = on ?? (await ScriptedMlflow.start(script))
  if (on === undefined) onTestFinished(() => server.stop())
  const runDir = runDirectory()
  if (runFile !== undefined)
    writeFileSync(join(runDir, 'run.json'), JSON.stringify({ ...RUN_FILE, ...runFile }))
  const builder = new BatchBuilder()
  const warnings: string[] = []
  const urls: string[] = []
  const context = sinkContext(runDir, {
    options: { trackingUri: server.url, ...options },
    warn: (_kind, message) => warnings.push(message),
    publishUrl: (url) => urls.push(url),
    ...given,
  })
  const made = () => createSink({ env: { HOME: runDir, ...env } })
  const run: MlflowRun = {
    server,
    context,
    warnings,
    urls,
    sink: made(),
    state: null,
    open: () => run.sink.open(context, run.state),
    async write(...rows) {
      const result = await run.sink.write(builder.batchOf(rows))
      run.state = committedState(result.state)
      return result
    },
    async crash() {
      await run.sink.close({ status: 'running', endTime: START_TIME })
      run.sink = made()
      await run.open()
    },
    get stored() {
      return [...server.runs.values()][0]!
    },
  }
  onTestFinished(() => run.sink.close({ status: 'running', endTime: START_TIME }))
  return run
}

export async function opened(parts?: Parts): Promise<MlflowRun> {
  const run = await prepared(parts)
  await run.open()
  return run
}

const RUN_FILE = {
  format: 1,
  id: 'baseline_20241119_070640_0123abcd',
  project: 'tinystories',
  name: 'baseline',
  status: 'running',
  startTime: new Date(START_TIME).toISOString(),
  config: {},
  tags: [],
  notes: '',
  group: null,
}

/** What the points of rows are to MLflow, sorted. `named`: how MLflow has a name. */
export function pointsOf(rows: readonly RowLiteral[], named = (name: string) => name): string[] {
  const keys = rows.flatMap(({ metrics = {}, step, time }) =>
    Object.entries(metrics).map(([name, value]) =>
      metricKey({ key: named(name), value: Number(value), timestamp: time!, step: step! }),
    ),
  )
  return [...new Set(keys)].sort()
}

export const storedPoints = ({ points }: ScriptedRun): string[] => [...points.keys()].sort()

/** Rows of the metrics that `values` makes, a second apart. */
export const rowsOf = (
  from: number,
  to: number,
  values: (step: number) => { readonly [name: string]: number },
): RowLiteral[] =>
  Array.from({ length: to - from }, (_, index) => ({
    step: from + index,
    time: START_TIME + (from + index) * 1000,
    sequence: from + index,
    metrics: values(from + index),
  }))
