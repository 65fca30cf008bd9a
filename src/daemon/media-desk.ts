import { BroadcastChannel } from 'node:worker_threads'
import type { MediaTask, MediaTaskResult } from '../media/make.js'
import { mediaChannel, type PostedMedia, SEND_AGAIN } from '../media/posted.js'
import type { MediaRequest } from '../media/request.js'
import { MEDIA_PRODUCER, type MediaRecord } from '../record/media.js'
import { encodeMedia } from '../record/media-frame.js'
import { countersOf } from '../ring/account.js'
import type { Control } from '../ring/control.js'
import { DROP, type DropCause, F64 } from '../ring/layout.js'
import { RingWriter } from '../ring/writer.js'
import { sleep } from './clock.js'
import { MediaCommit } from './media-commit.js'
import type { NamedRing } from './messages.js'
import { ThreadPool } from './pools.js'

export interface MediaDeskSetup {
  /** Of all producers, and the one for media, whose only writer is the desk; grows while the run lives. */
  readonly rings: readonly NamedRing[]
  readonly control: Control
  readonly nonce: string
  /** The pool thread's entry. */
  readonly entry: string
  readonly warn: (kind: string, message: string) => void
  /** Called at the first call: from then on there is a producer for media. */
  readonly begun: () => void
  /** Called with each record, before it is one. */
  readonly publishing: (record: MediaRecord) => void
}

/** Encoding makes large short-lived buffers, which are not in the young generation. */
const YOUNG_MB = 8
/** A call whose thread dies so often is what kills it. */
const MAX_DEATHS = 3
const MIN_RETRY_MS = 100
const MAX_RETRY_MS = 5000
const ROOM_POLL_MS = 10
/** At the end of a run: how long calls that were posted and have not come are waited for. */
const MISSING_PATIENCE_MS = 1000

/**
 * Takes media calls from all producers, in order, has each worked up on a pool thread, and puts the finished record
 * into a ring of its own: from there on it is a record as any other. A call is dropped where its input makes no
 * media, and kept as long as only the disk is in the way.
 */
export class MediaDesk {
  readonly #setup: MediaDeskSetup
  /** Calls whose producer, or the run's directory, is not known yet. */
  readonly #early: PostedMedia[] = []
  readonly #queue: PostedMedia[] = []
  /** Per producer: the call that comes next. */
  readonly #next = new Map<number, number>()
  #runDir: string | null = null
  #commit: MediaCommit | null = null
  #writer: RingWriter | null = null
  #channel: BroadcastChannel | null = null
  #pool: ThreadPool | null = null
  #working = false
  #deadline = Number.POSITIVE_INFINITY
  #closed = false
  #hasBegun = false

  constructor(setup: MediaDeskSetup) {
    this.#setup = setup
  }

  /** The run has a directory. */
  start(runDir: string): void {
    this.#runDir = runDir
    this.ringAdded()
  }

  /** There are more rings than before. */
  ringAdded(): void {
    const ring = this.#setup.rings.find(({ id }) => id === MEDIA_PRODUCER)?.ring
    if (ring === undefined || this.#runDir === null) return
    // First: it moves the head.
    this.#commit ??= new MediaCommit(ring, this.#setup.rings)
    this.#writer ??= new RingWriter(ring, this.#setup.control)
    this.#channel ??= this.#openChannel()
    for (const posted of this.#early.splice(0)) this.accept(posted)
  }

  #begin(): void {
    this.#hasBegun = true
    this.#setup.begun()
  }

  #openChannel(): BroadcastChannel {
    const channel = new BroadcastChannel(mediaChannel(this.#setup.nonce))
    channel.onmessage = (event) => this.accept((event as { data: PostedMedia }).data)
    this.#setup.control.setHearsMedia()
    // A desk before this one may have died with calls in hand.
    channel.postMessage(SEND_AGAIN)
    return channel
  }

  accept(posted: PostedMedia): void {
    const { producer, index } = posted
    const counters = this.#countersOf(producer)
    if (this.#writer === null || counters === null) {
      this.#early.push(posted)
      return
    }
    const next = this.#next.get(producer) ?? counters[F64.MEDIA_DONE]!
    // What is missing was sent before this desk listened.
    if (index > next) this.#channel?.postMessage(SEND_AGAIN)
    if (index !== next) return
    if (!this.#hasBegun) this.#begin()
    this.#next.set(producer, next + 1)
    this.#queue.push(posted)
    void this.#work()
  }

  /**
   * Puts a record of the daemon's own behind those that are there. False where it is left out: there is no room, or the
   * run ends.
   */
  add(record: MediaRecord, step: number, time: number): boolean {
    if (this.#writer === null || this.#closed) return false
    // No producer has posted it: the ring's own counters do, or there would be more in the journal than was accepted.
    const { counters } = this.#writer
    const done = counters[F64.MEDIA_DONE]! + 1
    counters[F64.MEDIA_POSTED] = done
    // Only now: before, nobody uses this ring.
    if (!this.#hasBegun) this.#begin()
    const published = this.#publish({ producer: MEDIA_PRODUCER, done }, record, { step, time })
    if (!published) counters[F64.MEDIA_POSTED] = done - 1
    return published
  }

  /** Works up what was posted, as long as there is time; what is left then is dropped and counted. */
  async finish(deadline: number): Promise<void> {
    this.#deadline = deadline
    for (let idleMs = 0; this.#left() > 0 && performance.now() < deadline; idleMs += ROOM_POLL_MS) {
      if (this.#working) idleMs = 0
      // A thread that ended before it could send them does not send them any more.
      if (idleMs > MISSING_PATIENCE_MS) break
      if (idleMs === ROOM_POLL_MS) this.#channel?.postMessage(SEND_AGAIN)
      await sleep(ROOM_POLL_MS)
    }
    this.#closed = true
    this.#channel?.close()
    const left = this.#left()
    if (left > 0 && this.#writer !== null) {
      this.#writer.counters[DROP['media-backlog']]! += left
      this.#setup.warn(
        'media-late',
        `${left} media calls could not be worked up before the run ended: they are dropped`,
      )
    }
    for (const { ring } of this.#setup.rings) {
      const counters = countersOf(ring)
      counters[F64.MEDIA_DONE] = counters[F64.MEDIA_POSTED]!
    }
    await this.#pool?.close()
  }

  /** Ends the thread as a crash would; for the tests. */
  killThread(): void {
    this.#pool?.killThread()
  }

  #left(): number {
    return this.#setup.rings.reduce((sum, { ring }) => {
      const counters = countersOf(ring)
      return sum + counters[F64.MEDIA_POSTED]! - counters[F64.MEDIA_DONE]!
    }, 0)
  }

  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    for (let posted = this.#queue.shift(); posted !== undefined; posted = this.#queue.shift()) {
      const { producer, index, request } = posted
      const made = request === null ? LOST : await this.#make(request)
      if (this.#closed) return
      if ('dropped' in made) this.#drop(posted, made.dropped)
      else {
        this.#setup.publishing(made.record)
        const source = { producer, done: index + 1 }
        while (!this.#publish(source, made.record, request!)) await sleep(ROOM_POLL_MS)
        if (this.#closed) return
      }
    }
    this.#working = false
  }

  async #make(request: MediaRequest): Promise<{ record: MediaRecord } | { dropped: DropCause }> {
    const { entry, warn } = this.#setup
    this.#pool ??= new ThreadPool(entry, { maxThreads: 1, youngGenerationMb: YOUNG_MB })
    const task: MediaTask = { runDir: this.#runDir!, request }
    for (let deaths = 0, waitMs = MIN_RETRY_MS; ; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
      let result: MediaTaskResult
      try {
        result = (await this.#pool.run(task)) as MediaTaskResult
      } catch (error) {
        const message = `a thread ended over "${request.name}" (${request.kind}): ${(error as Error).message}`
        warn('media-thread', message)
        deaths++
        if (deaths >= MAX_DEATHS) return { dropped: 'invalid-media' }
        continue
      }
      if ('record' in result) return result
      if ('invalid' in result) {
        warn(
          `invalid-media/${request.kind}`,
          `"${request.name}" (${request.kind}) is dropped: ${result.invalid}`,
        )
        return { dropped: 'invalid-media' }
      }
      warn(`media/${result.code}`, `A media file cannot be written (trying again): ${result.message}`)
      await sleep(Math.min(waitMs, Math.max(this.#deadline - performance.now(), ROOM_POLL_MS)))
      if (this.#closed) return LOST
    }
  }

  /** False where there is no room for it now. What comes when the desk is closed is counted as left. */
  #publish(
    source: { readonly producer: number; readonly done: number },
    record: MediaRecord,
    { step, time }: { readonly step: number; readonly time: number },
  ): boolean {
    if (this.#closed) return true
    const writer = this.#writer!
    const sequence = writer.counters[F64.PUBLISHED]!
    const frame = encodeMedia(record, sequence, step, time)
    const words = frame.length / 8
    if (!writer.hasRoom(words)) return false
    // There is room, and nobody closes this ring.
    writer.bytes.set(frame, writer.reserve(words) * 8)
    const head = (writer.head + words) | 0
    this.#commit!.commit({ ...source, counter: F64.PUBLISHED, count: sequence + 1, head })
    writer.publish(words)
    return true
  }

  #drop({ producer, index }: PostedMedia, cause: DropCause): void {
    const { head, counters } = this.#writer!
    const counter = DROP[cause]
    const count = counters[counter]! + 1
    this.#commit!.commit({ producer, done: index + 1, counter, count, head })
  }

  #countersOf(producer: number): Float64Array | null {
    const found = this.#setup.rings.find(({ id }) => id === producer)
    return found === undefined ? null : countersOf(found.ring)
  }
}

const LOST = { dropped: 'media-backlog' } as const
