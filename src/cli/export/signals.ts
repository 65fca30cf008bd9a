import { EXIT } from '../errors.js'

/** Ctrl-C and SIGTERM exit, so that what is half-written is removed; by themselves they would leave it. */
export function exitOnSignals(): void {
  process.once('SIGINT', () => process.exit(EXIT.interrupted))
  process.once('SIGTERM', () => process.exit(EXIT.terminated))
}
