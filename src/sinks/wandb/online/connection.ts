import type { SinkError } from '../../errors.js'
import { ArtifactSender } from './artifacts/sender.js'
import { RunFiles, type UploadedFile } from './files/run-files.js'
import { isRefusal } from './http/answers.js'
import type { Pace } from './http/pace.js'
import type { Transport } from './http/transport.js'
import type { KnownRun } from './run/bucket.js'
import type { GraphQl } from './run/graphql.js'
import { FileStream } from './stream/file-stream.js'
import { Heartbeat } from './stream/heartbeat.js'
import { LineSender } from './stream/line-sender.js'

/** What is refused within a 200 may go away by itself; after so many times one call does not hold up the rest. */
const MAX_REFUSALS = 3

export interface ConnectionParts {
  readonly transport: Transport
  readonly graphql: GraphQl
  readonly pace: Pace
  readonly run: KnownRun
  /** Absolute path of the run directory. */
  readonly runDir: string
  /** Finds the key; throws a SinkError where there is none. */
  readonly key: () => string
  readonly onStop: () => void
}

/** What is open of a run between `open()` and `close()`. */
export class Connection {
  readonly transport: Transport
  readonly graphql: GraphQl
  readonly stream: FileStream
  readonly sender: LineSender
  readonly files: RunFiles
  readonly artifacts: ArtifactSender
  /** Alerts and artifacts of a batch that are with W&B, though the batch is not delivered yet. */
  readonly done = new Set<string>()
  readonly #refusals = new Map<string, number>()
  readonly #heartbeat: Heartbeat

  constructor({ transport, graphql, pace, run, runDir, key, onStop }: ConnectionParts) {
    this.transport = transport
    this.graphql = graphql
    this.stream = new FileStream(transport, pace, run, onStop)
    this.sender = new LineSender(this.stream)
    this.files = new RunFiles(transport, graphql, run, key)
    this.artifacts = new ArtifactSender({ transport, graphql, run, runDir, key })
    this.#heartbeat = new Heartbeat(this.stream, key)
  }

  /** The batch that brought these is delivered. */
  settled(files: readonly UploadedFile[]): void {
    this.files.settled(files)
    this.done.clear()
    this.#refusals.clear()
  }

  /** True where W&B has said so often that it does not take this call. */
  keepsRefusing(call: string, error: unknown): error is SinkError {
    if (!isRefusal(error)) return false
    const refusals = (this.#refusals.get(call) ?? 0) + 1
    this.#refusals.set(call, refusals)
    return refusals >= MAX_REFUSALS
  }

  async close(): Promise<void> {
    this.#heartbeat.stop()
    this.files.stop()
    this.artifacts.stop()
    await this.transport.close()
  }
}
