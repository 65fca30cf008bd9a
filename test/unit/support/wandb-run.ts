import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Sink, SinkContext, SinkState } from '../../../src/sinks/sink.js'
import { Pace } from '../../../src/sinks/wandb/online/pace.js'
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
  readonly env: NodeJS.ProcessEnv
  sink: Sink
  state: SinkState | null
  write(...rows: RowLiteral[]): Promise<void>
  reopen(): Promise<void>
}

export interface Parts extends WandbServerOptions {
  readonly options?: object
  readonly env?: NodeJS.ProcessEnv
  readonly on?: WandbServer
  readonly runFile?: object
}

async function started(options: WandbServerOptions): Promise<WandbServer> {
  const server = await startWandbServer(options)
  onTestFinished(() => server.stop())
  return server
}

/** A sink that is about to be opened on a server of its own. */
export async function prepared({ options, env, on, runFile, ...rest }: Parts = {}): Promise<Opened> {
  const server = on ?? (await started(rest))
  const builder = new BatchBuilder()
  const runDir = runDirectory()
  if (runFile !== undefined) writeFileSync(join(runDir, 'run.json'), JSON.stringify(runFile))
  const warnings: string[] = []
  const urls: string[] = []
  const context = sinkContext(runDir, {
    runId: ID,
    options: { baseUrl: server.url, ...options },
    warn: (_kind, message) => warnings.push(message),
    publishUrl: (url) => urls.push(url),
  })
  const variables = { WANDB_API_KEY: TEST_KEY, ...env }
  const opened: Opened = {
    server,
    context,
    warnings,
    urls,
    env: variables,
    sink: createSink({ env: variables, pace: UNPACED() }),
    state: null,
    async write(...rows) {
      opened.state = committedState((await opened.sink.write(builder.batchOf(rows))).state)
    },
    async reopen() {
      await opened.sink.close({ status: 'running', endTime: START_TIME })
      opened.sink = createSink({ env: variables, pace: UNPACED() })
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

export const rows = (from: number, to: number): RowLiteral[] =>
  Array.from({ length: to - from }, (_, index) => ({ step: from + index, metrics: { value: from + index } }))

export const values = ({ server }: Opened, id = ID) => server.run(id).history.map(({ value }) => value)
