import { emitWarning } from '../run/connect.js'
import { errorText } from '../run/read-back.js'
import { type Warn, warnOnce } from '../run/warnings.js'

/**
 * Where the code that runs inside a training loop puts what went wrong: it is counted, and told once per kind. A
 * training must not end because its tracker has a bug, or because it was handed a tensor that is gone.
 */
export class Problems {
  readonly counts: Record<string, number> = {}
  readonly #warn: Warn

  constructor(warn: Warn = warnOnce(emitWarning)) {
    this.#warn = warn
  }

  add(kind: string, message: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1
    this.#warn(kind, message)
  }

  failed(kind: string, where: string, error: unknown): void {
    this.add(kind, `${where} failed, and the training goes on without it: ${errorText(error)}`)
  }

  /** Runs `what`; an exception is counted as `kind`. */
  catch<T>(kind: string, where: string, what: () => T): T | undefined {
    try {
      return what()
    } catch (error) {
      this.failed(kind, where, error)
      return undefined
    }
  }
}
