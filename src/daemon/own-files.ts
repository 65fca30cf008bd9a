import type { DiskPressure } from './disk-pressure.js'
import type { Reporter } from './reporter.js'

export interface OwnFilesSetup {
  /** The run is this process's own. */
  readonly owns: () => boolean
  /** Nothing is to be written any more. */
  readonly over: () => boolean
  readonly reporter: Reporter
  readonly pressure: () => DiskPressure | null
}

/** Files of the daemon that are no part of the record: a disk that fails must not end the daemon. */
export class OwnFiles {
  readonly #setup: OwnFilesSetup

  constructor(setup: OwnFilesSetup) {
    this.#setup = setup
  }

  /** Writes run.json: only as the run's owner, or it would be taken for a dead run, or be another's by now. */
  save(action: () => void): boolean {
    return this.#setup.owns() && this.write(action)
  }

  write(action: () => void): boolean {
    if (this.#setup.over()) return false
    try {
      action()
      return true
    } catch (error) {
      this.failed('Could not write to the run directory', error)
      return false
    }
  }

  failed(what: string, error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException
    const { pressure, reporter } = this.#setup
    if (!pressure()?.failed(code, performance.now())) reporter.warn('run-file', `${what}: ${message}`)
  }
}
