import type { MediaRequest } from './request.js'

/** A media call as it is sent to the daemon. */
export interface PostedMedia {
  readonly type: 'media'
  readonly producer: number
  /** Counts up from 0 within the producer: the daemon takes each once, and in order. */
  readonly index: number
  /** Null where its buffers went to a daemon that has died since. */
  readonly request: MediaRequest | null
}

/** What the daemon says on the channel: it has begun, or misses a call. Everything that is not done comes again. */
export const SEND_AGAIN = 'send-again'

/** A BroadcastChannel for the producers of other threads, whose handles cannot hold a port. */
export const mediaChannel = (nonce: string): string => `offstep/media/${nonce}`
