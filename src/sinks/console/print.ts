import { writeSync } from 'node:fs'

const RETRIES = 5
const RETRY_MS = 2

const sleeper = new Int32Array(new SharedArrayBuffer(4))

/**
 * Writes a line to a file descriptor, and to nothing else: `process.stdout` of a worker goes through the event
 * loop of the main thread, which trains. Returns false when nobody can read it any more.
 *
 * A pipe that the process has made non-blocking answers EAGAIN while it is full: after a few milliseconds the
 * line is dropped, since a terminal that is not read must not hold up the other sinks.
 */
export function print(fd: number, line: string): boolean {
  const bytes = Buffer.from(line)
  let written = 0
  for (let retries = 0; written < bytes.length; ) {
    try {
      written += writeSync(fd, bytes, written)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false
      if (retries++ === RETRIES) return true
      Atomics.wait(sleeper, 0, 0, RETRY_MS)
    }
  }
  return true
}
