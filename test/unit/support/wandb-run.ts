import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Sink, SinkContext, SinkState, WriteResult } from '../../../src/sinks/sink.js'
import { Pace } from '../../../src/sinks/wandb/online/http/pace.js'
import { createSink } from '../../../src/sinks/wandb/sink.js'
import {
  startWandbServer,
  TEST_KEY,
  type WandbServer,
  type WandbServerOptions,
} from '../../support/wandb-server/server.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './batches.js'
import { committedState, runDirectory, sinkContext } from './sink-run.js'

export const ID = 'a-run'
export const UNPACED = () => new Pace({ windowMs: 0 })

export interface Opened {
  readonly server: WandbServer
  readonly context: SinkContext
  readonly warnings: string[]
  readonly urls: string[]
  readonly announced: string[]
  /** How often somebody has asked for a stop. */
  readonly stops: string[]
  readonly env: NodeJS.ProcessEnv
  sink: Sink
  state: SinkState | null
  write(...rows: RowLiteral[]): Promise<WriteResult>
  reopen(): Promise<void>
}

export interface Parts extends WandbServerOptions {
  readonly options?: object
  readonly env?: NodeJS.ProcessEnv
  readonly on?: WandbServer
  readonly runFile?: object
  readonly context?: Partial<SinkContext>
  readonly refreshMs?: number
}

async function started(options: WandbServerOptions): Promise<WandbServer> {
  const server = await startWandbServer(options)
  onTestFinished(() => server.stop())
  return server
}

/** A sink that is about to be opened on a server of its own. */
export async function prepared({
  options,
  env,
  on,
  runFile,
  context: given,
  refreshMs,
  ...rest
}: Parts = {}): Promise<Opened> {
  const server = on ?? (await started(rest))
  const builder = new BatchBuilder()
  const runDir = runDirectory()
  if (runFile !== undefined) writeFileSync(join(runDir, 'run.json'), JSON.stringify(runFile))
  const warnings: string[] = []
  const urls: string[] = []
  const announced: string[] = []
  const stops: string[] = []
  const context = sinkContext(runDir, {
    runId: ID,
    options: { baseUrl: server.url, ...options },
    warn: (_kind, message) => warnings.push(message),
    publishUrl: (url) => urls.push(url),
    announce: (_kind, message) => announced.push(message),
    requestStop: () => stops.push('stop'),
    ...given,
  })
  const variables = { WANDB_API_KEY: TEST_KEY, ...env }
  const sink = () =>
    createSink({ env: variables, pace: UNPACED(), ...(refreshMs === undefined ? {} : { refreshMs }) })
  const opened: Opened = {
    server,
    context,
    warnings,
    urls,
    announced,
    stops,
    env: variables,
    sink: sink(),
    state: null,
    async write(...rows) {
      const result = await opened.sink.write(builder.batchOf(rows))
      opened.state = committedState(result.state)
      return result
    },
    async reopen() {
      await opened.sink.close({ status: 'running', endTime: START_TIME })
      opened.sink = sink()
      await opened.sink.open(context, opened.state)
    },
  }
  onTestFinished(() => opened.sink.close({ status: 'running', endTime: START_TIME }))
  return opened
}

export async function opened(parts?: Parts): Promise<Opened> {
  const run = await prepared(parts)
  await run.sink.open(run.context, null)
  return run
}

/** Far enough from each other that each row closes the line of the one before. */
export const rows = (from: number, to: number): RowLiteral[] =>
  Array.from({ length: to - from }, (_, index) => rowAt(from + index))

const rowAt = (step: number): RowLiteral => ({
  step,
  time: START_TIME + step * 10_000,
  metrics: { value: step },
})

export const values = ({ server }: Opened, id = ID) => server.run(id).history.map(({ value }) => value)
