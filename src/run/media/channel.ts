import { BroadcastChannel } from 'node:worker_threads'
import { mediaChannel, type PostedMedia, SEND_AGAIN } from '../../media/posted.js'
import type { Control } from '../../ring/control.js'
import type { SendMedia } from './outbox.js'

const POLL_MS = 5

/**
 * How a thread that has only a handle reaches the daemon. Opened at its first media call. A channel hands nothing
 * over: what is not in shared memory is copied. It keeps nothing either: while the daemon starts, calls wait here,
 * and keep their thread alive.
 */
export class MediaChannel {
  readonly #nonce: string
  readonly #control: Control
  readonly #sendAgain: () => void
  readonly #early: PostedMedia[] = []
  #channel: BroadcastChannel | undefined

  constructor(nonce: string, control: Control, sendAgain: () => void) {
    this.#nonce = nonce
    this.#control = control
    this.#sendAgain = sendAgain
  }

  /** Throws where the call cannot be copied to another thread, unless the daemon is still starting. */
  readonly send: SendMedia = (posted) => {
    this.#channel ??= this.#open()
    if (this.#early.length === 0 && this.#control.hearsMedia) this.#channel.postMessage(posted)
    else if (this.#early.push(posted) === 1) this.#sendLater()
  }

  #open(): BroadcastChannel {
    const channel = new BroadcastChannel(mediaChannel(this.#nonce))
    channel.onmessage = (event) => {
      if ((event as { data: unknown }).data === SEND_AGAIN) this.#sendAgain()
    }
    channel.unref()
    return channel
  }

  #sendLater(): void {
    setTimeout(() => {
      if (!this.#control.hearsMedia) {
        if (!this.#control.finished) this.#sendLater()
        return
      }
      for (const posted of this.#early.splice(0)) {
        try {
          this.#channel!.postMessage(posted)
        } catch {
          // A function in a table, say. It was counted as posted: the daemon counts it as dropped.
          this.#channel!.postMessage({ ...posted, request: null })
        }
      }
    }, POLL_MS)
  }
}
