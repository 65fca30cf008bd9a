import type { ResolvedSink } from '../options/options.js'
import { Control } from '../ring/control.js'
import { type SinkErrorAction, toSinkError } from '../sinks/errors.js'
import { isLocal } from '../sinks/local.js'
import { loadSink } from '../sinks/registry.js'
import type { RunOutcome, SinkContext } from '../sinks/sink.js'
import { writeToTerminal } from '../store/terminal.js'
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

const sessionKey = (runDir: string, sink: string): string => `${runDir}\n${sink}`

/** Sessions and journals that this thread has open, between slices. */
const sessions = new Map<string, OpenSession>()
const feeds = new Map<string, Feed>()

/** A slice that is being run. */
interface Turn {
  readonly slice: Slice
  readonly key: string
  readonly signal: AbortSignal
  open: OpenSession | undefined
  givenUp: boolean
}

/** After its time-out, a sink has this long to answer its signal. */
const GRACE_MS = 1000

/**
 * Runs one slice. Never rejects for what the sink did: the result says it. A sink that does not even answer its
 * signal costs a live run the thread (the daemon ends it); elsewhere the session is given up, and what the sink
 * does later changes nothing.
 */
export async function deliver(slice: Slice): Promise<SliceResult> {
  if (slice.live) yieldToTraining()
  const key = sessionKey(slice.run.dir, slice.sink.name)
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), slice.timeoutMs)
  const turn: Turn = { slice, key, signal: abort.signal, open: undefined, givenUp: false }
  try {
    return await (slice.live ? runTurn(turn) : orGiveUp(turn, runTurn(turn)))
  } finally {
    clearTimeout(timer)
  }
}

async function runTurn(turn: Turn): Promise<SliceResult> {
  const { slice, key } = turn
  // A destination that answers slowly and in small parts still ends its slice in time.
  const until = performance.now() + slice.timeoutMs / 2
  try {
    turn.open = await sessionFor(turn)
    if (slice.close !== null) {
      sessions.delete(key)
      await turn.open.session.close(slice.close)
      return result(turn.open, true, null)
    }
    return result(turn.open, await turn.open.session.deliver(slice.end, until), null)
  } catch (error) {
    const described = describe(error)
    if (described.action === 'rebuild') sessions.delete(key)
    return result(turn.open, false, described)
  }
}

async function orGiveUp(turn: Turn, work: Promise<SliceResult>): Promise<SliceResult> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<SliceResult>((resolve) => {
    timer = setTimeout(() => resolve(giveUp(turn)), turn.slice.timeoutMs + GRACE_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function giveUp(turn: Turn): SliceResult {
  const { key, open, slice } = turn
  turn.givenUp = true
  open?.session.giveUp()
  if (open !== undefined && sessions.get(key) === open) sessions.delete(key)
  // Its batch is still in the hands of the sink.
  if (!isLocal(slice.sink)) {
    feeds.get(key)?.close()
    feeds.delete(key)
  }
  const message = `no answer within ${slice.timeoutMs} ms`
  return result(open, false, { action: 'retry', code: 'TIMEOUT', message, retryAfterMs: 0 })
}

/** Lets go of what this thread holds open of a run. */
export async function release(runDir: string): Promise<void> {
  for (const [key, { session, slice }] of sessions) {
    if (slice.run.dir !== runDir) continue
    sessions.delete(key)
    await session.abandon()
  }
  for (const [key, feed] of feeds) {
    if (key !== runDir && !key.startsWith(`${runDir}\n`)) continue
    feed.close()
    feeds.delete(key)
  }
}

async function sessionFor(turn: Turn): Promise<OpenSession> {
  const { slice, key, signal } = turn
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
  if (turn.givenUp) throw new Error(`the sink "${slice.sink.name}" came too late`)
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

/** A sink that may wait keeps its batch while others read on: it has a feed of its own. */
function feedOf({ run, sink }: Slice): Feed {
  const key = isLocal(sink) ? run.dir : sessionKey(run.dir, sink.name)
  let feed = feeds.get(key)
  if (feed === undefined) {
    feed = new Feed(run.dir)
    feeds.set(key, feed)
  }
  return feed
}

/** What this thread has told of which run. */
const announced = new Set<string>()

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
    get suspect() {
      return open.session.suspect
    },
    producerName: (producer) => open.slice.producers[producer] ?? `producer-${producer}`,
    warn(kind, message) {
      if (warned.has(kind)) return
      warned.add(kind)
      open.warnings.push({ kind, message })
    },
    get signal() {
      return open.signal
    },
    publishUrl(url) {
      const { slot } = open.slice
      if (slot !== null) new Control(slot.control).url = url
    },
    requestStop() {
      const { slot } = open.slice
      if (slot !== null) new Control(slot.control).requestStop()
    },
    announce(kind, message) {
      const key = `${run.dir}\n${kind}`
      if (!live || announced.has(key)) return
      announced.add(key)
      writeToTerminal(message)
    },
  }
}

function result(open: OpenSession | undefined, caughtUp: boolean, error: SliceError | null): SliceResult {
  if (open === undefined) return { position: -1, caughtUp, error, warnings: [] }
  const warnings = open.warnings
  open.warnings = []
  return { position: open.session.position, caughtUp, error, warnings }
}

function describe(error: unknown): SliceError {
  const { action, code, message, retryAfterMs = 0 } = toSinkError(error)
  return { action, code, message, retryAfterMs }
}
