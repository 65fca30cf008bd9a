import { writeToTerminal } from '../store/terminal.js'
import { type Diagnostics, openDiagnostics } from './diagnostics.js'

/** How the daemon tells the user, and us, what happens: the run's two logs, and stderr where it must be seen. */
export class Reporter {
  readonly #warned = new Set<string>()
  #logs: Diagnostics | null = null

  /** From here on there is a run directory to log to. */
  open(runDir: string): void {
    this.#logs = openDiagnostics(runDir)
  }

  close(): void {
    this.#logs?.close()
  }

  /** What happened to the run, for its user. */
  info(message: string, about: object = {}): void {
    this.#logs?.training.info(about, message)
  }

  /** Once for each kind. */
  warn(kind: string, message: string): void {
    if (this.#warned.has(kind)) return
    this.#warned.add(kind)
    this.#logs?.daemon.warn({ kind }, message)
    this.#logs?.training.warn(message)
  }

  /** Each time; `terminal`: on stderr too. */
  tell(message: string, terminal: boolean): void {
    this.#logs?.training.warn(message)
    if (terminal) writeToTerminal(message)
  }

  /** For daemon.log alone. */
  note(message: string, about: object = {}): void {
    this.#logs?.daemon.warn(about, message)
  }
}
