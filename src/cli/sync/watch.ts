import { setTimeout as after } from 'node:timers/promises'
import { type FoundRun, findRuns } from '../../recovery/find-runs.js'
import { durationText } from '../../text/text.js'
import { CliError, EXIT } from '../errors.js'
import type { Output } from '../output.js'
import type { SyncOptions } from '../sync.js'
import { listenForInterrupt } from './interrupt.js'
import { outcomeLine } from './lines.js'
import { isDone, type Outcome, toJson } from './outcome.js'
import type { ProgressView } from './progress.js'
import { isPending, namedRuns } from './select.js'
import { chooseSinks } from './sinks.js'
import { syncRun } from './sync-run.js'
import { needsUpload } from './uploads.js'

/** A run whose destination is dead is tried again after this long at most. */
const MAX_PAUSE_MS = 60_000

interface Attempt {
  failures: number
  /** Monotonic milliseconds: no attempt before. */
  notBefore: number
  /** What was said last: the same is not said twice. */
  said: string
  /** Nothing is left to do for what `--sink` asked. */
  done: boolean
}

/**
 * Looks at the runs again and again, and delivers what it finds. A run that cannot be delivered now is tried again
 * later, and holds up no other: nothing is ever given up. Resolves at Ctrl-C, with the exit code.
 */
export async function watch(
  names: readonly string[],
  root: string,
  { all, sink, upload, interval }: SyncOptions,
  output: Output,
): Promise<number> {
  const look = (): readonly FoundRun[] => (names.length > 0 ? namedRuns(names, root).runs : findRuns(root))
  const { runs, problems } = namedRuns(names, root)
  if (names.length > 0 && runs.length === 0) throw new CliError(problems.join('\n'))
  // A name may get its run later, or a mended run.json; who watches for one that never comes should know.
  for (const problem of problems) output.problem(problem)
  const choose = chooseSinks(
    sink,
    look().map(({ file }) => file),
  )
  const attempts = new Map<string, Attempt>()
  const interrupt = listenForInterrupt(
    () => {},
    () => {},
  )
  output.note(`Watching ${root}, every ${durationText(interval * 1000)}; Ctrl-C ends it.`)
  while (!interrupt.signal.aborted) {
    for (const run of look()) {
      if (interrupt.signal.aborted) break
      const attempt = attempts.get(run.dir) ?? { failures: 0, notBefore: 0, said: '', done: false }
      attempts.set(run.dir, attempt)
      const asked = choose(run.file.sinks)?.only.length !== 0
      if (!asked || !isDue(run, attempt)) continue
      await deliver(run, attempt)
    }
    // Aborted: the loop ends by its condition.
    await after(interval * 1000, undefined, { signal: interrupt.signal }).catch(() => {})
  }
  interrupt.release()
  return interrupt.exitCode ?? EXIT.interrupted

  /** A run that is alive delivers by itself. */
  function isDue(run: FoundRun, attempt: Attempt): boolean {
    if (run.alive || performance.now() < attempt.notBefore) return false
    // What --sink asks is done once, though other sinks of the run may have something pending for ever.
    if (attempt.done && (sink !== undefined || all)) return false
    return all === true || isPending(run) || (upload && needsUpload(run, choose(run.file.sinks)))
  }

  async function deliver(run: FoundRun, attempt: Attempt): Promise<void> {
    const startedAt = performance.now()
    const outcome = await syncRun(run, { choose, upload, retries: 0, signal: interrupt.signal, view: QUIET })
    attempt.done = isDone(outcome)
    attempt.failures = attempt.done ? 0 : attempt.failures + 1
    const pause = Math.min(MAX_PAUSE_MS, interval * 1000 * 2 ** Math.min(attempt.failures, 10))
    attempt.notBefore = performance.now() + (attempt.done ? 0 : pause)
    tell(outcome, performance.now() - startedAt, attempt)
  }

  function tell(outcome: Outcome, elapsedMs: number, attempt: Attempt): void {
    const reasons = Object.values(outcome.report?.failed ?? {}).map(
      ({ code, message }) => `${code} ${message}`,
    )
    const said = JSON.stringify([attempt.done, reasons, outcome.error])
    if (said === attempt.said && !attempt.done) return
    attempt.said = said
    if (output.json) output.printJson(toJson(outcome), 0)
    else output.print(outcomeLine(outcome, elapsedMs, output.out, output.columns))
  }
}

const QUIET: ProgressView = { begin() {}, update() {}, end() {}, say() {}, stop() {} }
