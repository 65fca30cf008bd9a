import { MediaError } from '../../media/request.js'
import { DROP, type DropCause, F64 } from '../../ring/layout.js'
import type { RingWriter } from '../../ring/writer.js'
import type { NameLimits } from '../keys.js'
import { errorText } from '../read-back.js'
import { describeValue, type Warn } from '../warnings.js'
import { MediaInput } from './input.js'
import type { MediaCall } from './methods.js'
import { MediaOutbox, type SendMedia } from './outbox.js'

interface Refusal {
  readonly cause: DropCause
  /** Null where the user knows. */
  readonly why: string | null
}

export interface MediaProducerSetup {
  readonly ring: RingWriter
  readonly limits: NameLimits
  readonly warn: Warn
  readonly send: SendMedia
}

/** The media calls of one thread: counted in its ring's header, sent to the daemon. Never throws. */
export class MediaProducer {
  readonly outbox: MediaOutbox
  readonly #ring: RingWriter
  readonly #maxNameBytes: number
  readonly #warn: Warn

  constructor({ ring, limits, warn, send }: MediaProducerSetup) {
    this.#ring = ring
    this.#maxNameBytes = limits.maxNameBytes
    this.#warn = warn
    this.outbox = new MediaOutbox(ring, send, warn)
  }

  log(call: MediaCall): void {
    const time = Date.now()
    const { kind, name, step = Math.max(0, this.#ring.counters[F64.LAST_STEP]!) } = call
    // First: what is done gives its memory to this call.
    this.outbox.forgetDone()
    const input = new MediaInput(call.transfer === true, this.outbox.memory)
    let refusal: Refusal | null
    try {
      refusal = this.#refusal(name, step)
      if (refusal === null) {
        call.fill(input)
        if (input.refused > 0) this.#refuseParts(call, input)
        this.outbox.add({ kind, name: name.toWellFormed(), step, time }, input)
      }
    } catch (error) {
      input.dispose()
      const why = error instanceof MediaError ? error.message : errorText(error)
      refusal = { cause: 'invalid-media', why }
    }
    if (refusal === null) return
    const { cause, why } = refusal
    this.#ring.counters[DROP[cause]]!++
    if (why !== null)
      this.#warn(`${cause}-${kind}`, `${describeName(name)} (${kind}) cannot be logged: ${why}`)
  }

  /** The rest of the call is logged. */
  #refuseParts({ kind, name }: MediaCall, { refused, whyRefused }: MediaInput): void {
    this.#ring.counters[F64.REFUSED_VALUES]! += refused
    this.#warn(`refused-${kind}`, `A part of ${describeName(name)} (${kind}) is left out: ${whyRefused}`)
  }

  #refusal(name: unknown, step: unknown): Refusal | null {
    if (this.#ring.closed) return { cause: 'closed', why: null }
    if (typeof step !== 'number' || step - step !== 0) {
      return { cause: 'invalid-step', why: `its step is ${describeValue(step)}: give a finite number` }
    }
    if (typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= this.#maxNameBytes) return null
    return { cause: 'invalid-media', why: `give it a name of 1 to ${this.#maxNameBytes} bytes` }
  }
}

const describeName = (name: unknown): string =>
  typeof name === 'string' ? JSON.stringify(name.slice(0, 60)) : describeValue(name)
