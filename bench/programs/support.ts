import fs from 'node:fs'
import type { Run, RunOptions, RunStatusReport } from '../../src/index.js'

/** What the benchmark gave this program. */
export const parameters = <T>(): T => JSON.parse(process.argv[2] ?? '{}') as T

/** Hands the result to the benchmark. Synchronous: the program may end right after. */
export function report(result: object): void {
  const line = Buffer.from(`${JSON.stringify(result)}\n`)
  for (let written = 0; written < line.length; ) written += writeSome(line.subarray(written))
}

/** A pipe takes as much as it has room for; one that libuv has opened too says so instead of waiting. */
function writeSome(bytes: Uint8Array): number {
  try {
    return fs.writeSync(1, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    sleepSync(1)
    return 0
  }
}

/** Options that every program shares: no run depends on the repository that it happens to be started in. */
export const inDirectory = (dir: string, options: RunOptions = {}): RunOptions => ({
  project: 'bench',
  dir,
  git: false,
  ...options,
})

const nothing = new Int32Array(new SharedArrayBuffer(4))

/** Blocks this thread: a training loop that never returns to its event loop. */
export const sleepSync = (ms: number): void => {
  Atomics.wait(nothing, 0, 0, ms)
}

/** Blocks this thread until `done` or for `timeoutMs`; false in that case. */
export function waitSync(run: Run, done: (status: RunStatusReport) => boolean, timeoutMs: number): boolean {
  const deadline = performance.now() + timeoutMs
  while (!done(run.status())) {
    if (performance.now() > deadline) return false
    sleepSync(1)
  }
  return true
}

/** Throws where `accepted = journaled + in ring + dropped` or a sink's identity does not hold. */
export function assertCounts(status: RunStatusReport): void {
  const { accepted, journaled, inRing, dropped, sinks } = status
  if (accepted !== journaled + inRing + dropped.total)
    throw new Error(`Rows are missing: ${JSON.stringify(status)}`)
  for (const { delivered, pending, deadLettered, notApplicable } of Object.values(sinks)) {
    if (pending < 0 || journaled !== delivered + pending + deadLettered + notApplicable) {
      throw new Error(`A sink's counts do not add up: ${JSON.stringify(status)}`)
    }
  }
}
