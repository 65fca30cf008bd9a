import { SinkError } from '../errors.js'

/** How long to wait before a new look whether a person has mended what is wrong. */
export const LOOK_AGAIN_MS = 60_000

/** Nothing can be delivered until a person acts. */
export const pause = (code: string, message: string): SinkError =>
  new SinkError('pause', code, message, { retryAfterMs: LOOK_AGAIN_MS })

/** True for an error of which smaller requests can find the cause. */
export const isDivisible = (error: unknown): error is SinkError =>
  error instanceof SinkError && (error.action === 'reject' || error.action === 'split')
