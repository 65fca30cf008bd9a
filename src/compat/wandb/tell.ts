import { emitWarning } from '../../run/connect.js'
import { errorText } from '../../run/read-back.js'
import { type Warn, warnOnce } from '../../run/warnings.js'

/** Shows a warning on stderr: each kind once a process, whatever the runs. */
export const tell: Warn = warnOnce((kind, message) => emitWarning(`wandb-${kind}`, message))

/** Tells what a call has thrown, in place of letting it reach the training loop. */
export function tellFailed(call: string, error: unknown): void {
  tell(`${call}-failed`, `wandb.${call}() failed: ${errorText(error)}`)
}

/** Calls `body`; what it throws is told. */
export function guarded(call: string, body: () => void): void {
  try {
    body()
  } catch (error) {
    tellFailed(call, error)
  }
}
