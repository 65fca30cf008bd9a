import { LineBuffer, type LineTarget, type PinoOptions } from './lines.js'

/** Lines wait this long for more of them. */
const DELAY_MS = 100
/** pino then tells the stream the level of the line that it writes. */
const METADATA = Symbol.for('pino.metadata')

/** A destination of pino, beside or in place of another one. */
export interface PinoStream {
  /** Set by pino before each `write()`. */
  lastLevel: number
  readonly [METADATA]: true
  /** By this pino knows a destination from options. */
  readonly writable: true
  write(line: string): void
  /** Hands over the lines that wait. pino calls it at `logger.flush()`. */
  flush(callback?: (error?: Error) => void): void
  flushSync(): void
  /** The last lines; afterwards a line starts anew. */
  end(): void
}

/**
 * Carries pino's lines into a run: `pino(options, pinoStream(run))`, or beside the terminal with
 * `pino.multistream([{ stream: process.stdout }, { stream: pinoStream(run) }])`. For the thread that made the run.
 *
 * A line costs that thread an entry in a list; each 100 ms, or 64 KiB, the lines become one record. It neither blocks
 * nor throws: what there is no room for is counted in `run.status()`, and lines beyond `maxLinesPerSecond` are counted in
 * the log. `run.flush()` and `run.finish()` take the lines that wait with them. Throws TypeError and RangeError for wrong
 * arguments.
 */
export function pinoStream(run: LineTarget, options: PinoOptions = {}): PinoStream {
  const buffer = new LineBuffer(run, options)
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    buffer.flush()
  }
  const end = (): void => {
    buffer.end()
    flush()
  }
  // The end of a process comes to a run of this thread, which calls us first; another thread has its own.
  if (run.onFlush === undefined) process.once('exit', end)
  else run.onFlush(end)
  return {
    lastLevel: 30,
    [METADATA]: true,
    writable: true,
    write(line) {
      buffer.add(line.endsWith('\n') ? line.slice(0, -1) : line, this.lastLevel, Date.now())
      if (buffer.waits) timer ??= setTimeout(flush, DELAY_MS).unref()
    },
    flush(callback) {
      flush()
      callback?.()
    },
    flushSync: flush,
    end,
  }
}
