/** pino's log lines in a run: `pinoStream(run)` in its thread, or this module as the target of `pino.transport()`. */
export type { LineTarget, PinoOptions } from './lines.js'
export { type PinoStream, pinoStream } from './stream.js'
export { createTransport as default, type TransportOptions } from './transport.js'
