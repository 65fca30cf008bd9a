import type { ResolvedSink } from '../options/options.js'
import { Control } from '../ring/control.js'
import { SinkError, type SinkErrorAction } from '../sinks/errors.js'
import { loadSink } from '../sinks/registry.js'
import type { RunOutcome, SinkContext } from '../sinks/sink.js'
import { Feed } from './feed.js'
import { yieldToTraining } from './priority.js'
import { SinkSession } from './session.js'

/** What a sink may know of its run; plain data that crosses threads. */
export interface DeliveredRun {
  readonly id: string
  readonly project: string
  readonly name: string
  readonly dir: string
  readonly startTime: number
}

/** One slice of one sink: at most one batch, then the thread is free for the next sink. */
export interface Slice {
  readonly run: DeliveredRun
  readonly sink: ResolvedSink
  readonly slot: { readonly control: SharedArrayBuffer; readonly index: number } | null
  readonly producers: { readonly [producer: string]: string }
  /** Deliver up to this position of the journal. */
  readonly end: number
  /** The number of the sink's last slice: a thread that did not run it begins from the committed cursor. */
  readonly lease: number
  readonly timeoutMs: number
  readonly live: boolean
  /** Close the sink with this outcome, instead of delivering. */
  readonly close: RunOutcome | null
}

export interface SliceError {
  readonly action: SinkErrorAction
  readonly code: string
  readonly message: string
  readonly retryAfterMs: number
}

export interface SliceResult {
  readonly position: number
  readonly caughtUp: boolean
  readonly error: SliceError | null
  readonly warnings: readonly { readonly kind: string; readonly message: string }[]
}

interface OpenSession {
  readonly session: SinkSession
  lease: number
  slice: Slice
  signal: AbortSignal
  warnings: { kind: string; message: string }[]
}

/** Sessions and journals that this thread has open, between slices. */
const sessions = new Map<string, OpenSession>()
const feeds = new Map<string, Feed>()

/** Runs one slice. Never rejects for what the sink did: the result says it. */
export async function deliver(slice: Slice): Promise<SliceResult> {
  if (slice.live) yieldToTraining()
  const key = `${slice.run.dir}\n${slice.sink.name}`
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), slice.timeoutMs)
  let open: OpenSession | undefined
  try {
    open = await sessionFor(key, slice, abort.signal)
    if (slice.close !== null) {
      sessions.delete(key)
      await open.session.close(slice.close)
      return result(open, true, null)
    }
    return result(open, await open.session.deliver(slice.end), null)
  } catch (error) {
    const described = describe(error)
    if (described.action === 'rebuild') sessions.delete(key)
    return open === undefined
      ? { position: -1, caughtUp: false, error: described, warnings: [] }
      : result(open, false, described)
  } finally {
    clearTimeout(timer)
  }
}

/** Lets go of what this thread holds open of a run. */
export async function release(runDir: string): Promise<void> {
  for (const [key, { session, slice }] of sessions) {
    if (slice.run.dir !== runDir) continue
    sessions.delete(key)
    await session.abandon()
  }
  feeds.get(runDir)?.close()
  feeds.delete(runDir)
}

async function sessionFor(key: string, slice: Slice, signal: AbortSignal): Promise<OpenSession> {
  const found = sessions.get(key)
  if (found !== undefined && found.lease === slice.lease) {
    found.lease++
    found.slice = slice
    found.signal = signal
    return found
  }
  // Another thread has had the sink since: what this one holds of it is out of date.
  await found?.session.abandon()
  const open: Partial<OpenSession> = { lease: slice.lease + 1, slice, signal, warnings: [] }
  const sink = await loadSink(slice.sink)
  const slot = slice.slot === null ? null : new Control(slice.slot.control).sink(slice.slot.index)
  const session = new SinkSession(
    slice.run.dir,
    slice.sink.name,
    sink,
    contextOf(open as OpenSession),
    feedOf(slice),
    slot,
  )
  const complete = Object.assign(open, { session }) as OpenSession
  sessions.set(key, complete)
  return complete
}

function feedOf({ run }: Slice): Feed {
  let feed = feeds.get(run.dir)
  if (feed === undefined) {
    feed = new Feed(run.dir)
    feeds.set(run.dir, feed)
  }
  return feed
}

/** The context follows the slice that is being run. */
function contextOf(open: OpenSession): SinkContext {
  const { run, sink, live } = open.slice
  const warned = new Set<string>()
  return {
    runId: run.id,
    project: run.project,
    runName: run.name,
    runDir: run.dir,
    startTime: run.startTime,
    options: sink.options,
    live,
    producerName: (producer) => open.slice.producers[producer] ?? `producer-${producer}`,
    warn(kind, message) {
      if (warned.has(kind)) return
      warned.add(kind)
      open.warnings.push({ kind, message })
    },
    get signal() {
      return open.signal
    },
  }
}

function result(open: OpenSession, caughtUp: boolean, error: SliceError | null): SliceResult {
  const warnings = open.warnings
  open.warnings = []
  return { position: open.session.position, caughtUp, error, warnings }
}

function describe(error: unknown): SliceError {
  if (error instanceof SinkError) {
    const { action, code, message, retryAfterMs = 0 } = error
    return { action, code, message, retryAfterMs }
  }
  const { code = 'UNEXPECTED', message = String(error) } = error as NodeJS.ErrnoException
  return { action: 'retry', code, message, retryAfterMs: 0 }
}
