import { EXIT } from '../errors.js'

export interface Interrupt {
  readonly signal: AbortSignal
  /** Null until there was one. */
  readonly exitCode: number | null
  release(): void
}

/**
 * The first Ctrl-C (or SIGTERM) ends the work after the batch in hand; the second ends the process at once, which
 * is as safe as kill -9. `onFirst` is called with the first, `onSecond` before the end.
 */
export function listenForInterrupt(onFirst: () => void, onSecond: () => void): Interrupt {
  const abort = new AbortController()
  let exitCode: number | null = null
  const handle = (name: NodeJS.Signals) => {
    const again = exitCode !== null
    exitCode = name === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
    if (again) {
      onSecond()
      process.exit(exitCode)
    }
    onFirst()
    abort.abort()
  }
  process.on('SIGINT', handle).on('SIGTERM', handle)
  return {
    signal: abort.signal,
    get exitCode() {
      return exitCode
    },
    release() {
      process.off('SIGINT', handle).off('SIGTERM', handle)
    },
  }
}
