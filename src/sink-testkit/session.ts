import { Feed } from '../delivery/feed.js'
import { SinkSession } from '../delivery/session.js'
import type { ResolvedSink } from '../options/options.js'
import { loadSink } from '../sinks/registry.js'
import type { SinkContext } from '../sinks/sink.js'
import { startTime } from './make-run.js'
import { TamperedSink, type Tampering } from './tampered-sink.js'

/** What a test may say of a session. */
export interface SessionSetup extends Tampering {
  readonly live?: boolean
  readonly suspect?: boolean
  readonly signal?: AbortSignal
}

export interface OpenedSession {
  readonly session: SinkSession
  readonly feed: Feed
}

/** The sink from its committed cursor on, in this thread: the engine's own session, with a sink that is tampered with. */
export async function openSession(
  runDir: string,
  sink: ResolvedSink,
  { live = true, suspect, signal = new AbortController().signal, ...tampering }: SessionSetup,
): Promise<OpenedSession> {
  const loaded = new TamperedSink(await loadSink(sink), tampering)
  const context: SinkContext = {
    runId: 'sink-test',
    project: 'sink-testkit',
    runName: 'sink-test',
    runDir,
    startTime,
    options: sink.options,
    producerName: (producer) => (producer === 0 ? 'main' : `producer-${producer}`),
    warn: () => {},
    live,
    get suspect() {
      return suspect ?? session.suspect
    },
    signal,
  }
  const feed = new Feed(runDir)
  const session = new SinkSession(runDir, sink.name, loaded, context, feed, null)
  return { session, feed }
}
