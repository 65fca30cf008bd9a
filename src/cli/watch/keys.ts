import { EXIT } from '../errors.js'
import { listenForInterrupt } from '../sync/interrupt.js'

const CTRL_C = '\x03'

export interface EndKeys {
  /** Aborted when somebody wants the end. */
  readonly signal: AbortSignal
  readonly exitCode: number
  release(): void
}

/** q, Ctrl-C and the signals end it; keys are read where stdin is a terminal. */
export function listenForEnd(stdin: NodeJS.ReadStream = process.stdin): EndKeys {
  const abort = new AbortController()
  const interrupt = listenForInterrupt(() => abort.abort(), release)
  let exitCode: number = EXIT.ok
  const isTerminal = stdin.isTTY === true
  if (isTerminal) stdin.setRawMode(true).setEncoding('utf8').on('data', onKey).resume()

  function onKey(text: string): void {
    if (text.includes(CTRL_C)) exitCode = EXIT.interrupted
    else if (!/q/i.test(text)) return
    abort.abort()
  }

  function release(): void {
    interrupt.release()
    if (isTerminal) stdin.off('data', onKey).setRawMode(false).pause()
  }

  return {
    signal: abort.signal,
    get exitCode() {
      return interrupt.exitCode ?? exitCode
    },
    release,
  }
}
