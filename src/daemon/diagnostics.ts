import path from 'node:path'
import { type Logger, pino } from 'pino'

/**
 * The two logs of a run directory, JSON lines. Written synchronously by the daemon thread to descriptors of its
 * own: a worker's stdout goes through the training thread's event loop, which may not turn for minutes.
 * - training.log: what the user wants to know: start, warnings, end, with counts
 * - daemon.log: what we want to know: threads, retries, errors
 */
export interface Diagnostics {
  readonly training: Logger
  readonly daemon: Logger
  close(): void
}

export function openDiagnostics(runDir: string): Diagnostics {
  const open = (name: string): { logger: Logger; close: () => void } => {
    const destination = openFile(path.join(runDir, name))
    if (destination === null) return { logger: pino({ enabled: false }), close: () => {} }
    const logger = pino(
      {
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      destination,
    )
    // A full disk must not end the daemon: the run's data has its own way to wait for it.
    destination.on('error', () => {})
    return { logger, close: () => destination.end() }
  }
  const training = open('training.log')
  const daemon = open('daemon.log')
  return {
    training: training.logger,
    daemon: daemon.logger,
    close() {
      training.close()
      daemon.close()
    },
  }
}

/** Null where it cannot be opened: a run without its log is better than a log without its run. */
function openFile(file: string): ReturnType<typeof pino.destination> | null {
  try {
    return pino.destination({ dest: file, append: true, mkdir: true, sync: true })
  } catch {
    return null
  }
}
