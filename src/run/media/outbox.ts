import type { PostedMedia } from '../../media/posted.js'
import type { MediaRequest } from '../../media/request.js'
import { DROP, F64, I32 } from '../../ring/layout.js'
import type { RingWriter } from '../../ring/writer.js'
import { errorText } from '../read-back.js'
import type { Warn } from '../warnings.js'
import type { MediaInput } from './input.js'
import { SpareMemory } from './spare-memory.js'

/** Sends to the daemon; buffers in `transfer` are handed over where the way allows it. */
export type SendMedia = (posted: PostedMedia, transfer: readonly ArrayBuffer[]) => void

type Head = Omit<MediaRequest, 'input' | 'producer'>

interface Waiting {
  readonly head: Head
  readonly input: MediaInput
  ready: boolean
}

interface Sent {
  readonly posted: PostedMedia
  readonly bytes: number
  readonly own: readonly SharedArrayBuffer[]
}

/**
 * Memory of media calls that were not worked up yet, of one producer. Beyond it, calls wait where the policy is `block`, and
 * are dropped and counted. A call that is larger has to be the only one.
 */
const MAX_PENDING_BYTES = 256 * 2 ** 20
/** Calls that wait for their tensors; the oldest is then read at once. */
const MAX_WAITING = 1024
/** Between two looks at what the daemon has done, where a call waits for it. */
const POLL_MS = 1
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4))

/**
 * The media calls of one producer on their way to the daemon, in the order of the calls: one whose tensor is still
 * on its device holds up the later ones. Keeps each until it is done, and sends it again to a daemon that has
 * taken the place of a dead one.
 */
export class MediaOutbox {
  /** For the copies that calls make. */
  readonly memory = new SpareMemory()
  readonly #producer: number
  readonly #counters: Float64Array
  readonly #send: SendMedia
  readonly #warn: Warn
  readonly #maxBlockMs: number
  readonly #waiting: Waiting[] = []
  readonly #sent: Sent[] = []
  #bytes = 0
  #blockSpent = false
  #idle: (() => void)[] = []

  constructor({ header, counters, maxBlockMs }: RingWriter, send: SendMedia, warn: Warn) {
    this.#producer = header[I32.PRODUCER]!
    this.#counters = counters
    this.#send = send
    this.#warn = warn
    this.#maxBlockMs = maxBlockMs
  }

  /** Lets go of what the daemon has done. */
  forgetDone(): void {
    const done = this.#counters[F64.MEDIA_DONE]!
    while (this.#sent.length > 0 && this.#sent[0]!.posted.index < done) {
      const { bytes, own } = this.#sent.shift()!
      this.#bytes -= bytes
      for (const buffer of own) this.memory.give(buffer)
    }
  }

  /** False where there is no memory left for it: counted and warned of. */
  add(head: Head, input: MediaInput): boolean {
    this.forgetDone()
    if (!this.#hasRoom(input.bytes) && !this.#waitFor(input.bytes)) {
      this.#counters[DROP['media-backlog']]!++
      const mib = MAX_PENDING_BYTES / 2 ** 20
      this.#warn(
        'media-backlog',
        `${mib} MiB of media wait to be worked up: further calls are dropped. Log media less often, or smaller ones.`,
      )
      return false
    }
    this.#blockSpent = false
    if (this.#waiting.length >= MAX_WAITING) this.#readNow(this.#waiting[0]!)
    this.#counters[F64.READING]!++
    this.#bytes += input.bytes
    const waiting = { head, input, ready: !input.waits }
    this.#waiting.push(waiting)
    if (input.waits) void this.#read(waiting)
    this.#pump()
    return true
  }

  #hasRoom(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= MAX_PENDING_BYTES
  }

  /** Policy `block`, as in RingWriter: a wait that was in vain is not repeated until there is room. */
  #waitFor(bytes: number): boolean {
    if (this.#blockSpent) return false
    const deadline = performance.now() + this.#maxBlockMs
    while (performance.now() < deadline) {
      Atomics.wait(NEVER_WOKEN, 0, 0, POLL_MS)
      this.forgetDone()
      if (this.#hasRoom(bytes)) return true
    }
    this.#blockSpent = true
    return false
  }

  /** Everything that the daemon has not done yet, again: the one that had it is dead. */
  sendAgain(): void {
    this.forgetDone()
    for (const { posted } of this.#sent) {
      try {
        this.#send(posted, [])
      } catch {
        // It waited for the daemon, and cannot be copied to it after all: the daemon counts it as dropped.
        this.#send({ ...posted, request: null }, [])
      }
    }
  }

  /** Reads every tensor that waits, synchronously: the process is about to end. */
  readAllNow(): void {
    while (this.#waiting.length > 0) this.#readNow(this.#waiting[0]!)
  }

  /** Resolves when no call waits for a tensor. */
  async whenIdle(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async #read(waiting: Waiting): Promise<void> {
    const before = waiting.input.bytes
    try {
      await waiting.input.read()
      if (!waiting.ready) this.#isReady(waiting, before)
    } catch (error) {
      this.#failed(waiting, error)
    }
  }

  #readNow(waiting: Waiting): void {
    if (waiting.ready) {
      this.#pump()
      return
    }
    const before = waiting.input.bytes
    try {
      waiting.input.readNow()
      this.#isReady(waiting, before)
    } catch (error) {
      this.#failed(waiting, error)
    }
  }

  #isReady(waiting: Waiting, bytesBefore: number): void {
    waiting.ready = true
    this.#bytes += waiting.input.bytes - bytesBefore
    this.#pump()
  }

  #failed(waiting: Waiting, error: unknown): void {
    const index = this.#waiting.indexOf(waiting)
    if (index < 0 || waiting.ready) return
    waiting.input.dispose()
    this.#waiting.splice(index, 1)
    this.#bytes -= waiting.input.bytes
    this.#counters[F64.READING]!--
    this.#counters[DROP['read-back']]!++
    this.#warn('read-back', `The tensor of "${waiting.head.name}" could not be read: ${errorText(error)}`)
    this.#pump()
  }

  /** Sends what is ready, up to the first that is not. */
  #pump(): void {
    while (this.#waiting[0]?.ready === true) {
      const { head, input } = this.#waiting.shift()!
      const index = this.#counters[F64.MEDIA_POSTED]!
      const request = { ...head, producer: this.#producer, input: input.fields } as unknown as MediaRequest
      const posted: PostedMedia = { type: 'media', producer: this.#producer, index, request }
      try {
        this.#send(posted, input.transfer)
        this.#counters[F64.MEDIA_POSTED] = index + 1
        const lost = input.transfer.length > 0
        const { bytes, own } = input
        this.#sent.push({ posted: lost ? { ...posted, request: null } : posted, bytes, own })
      } catch (error) {
        // A table or a layout that holds what cannot be copied to another thread: a function, say.
        this.#bytes -= input.bytes
        this.#counters[DROP['invalid-media']]!++
        this.#warn('invalid-media', `"${head.name}" (${head.kind}) cannot be logged: ${errorText(error)}`)
      }
      this.#counters[F64.READING]!--
    }
    if (this.#waiting.length === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
