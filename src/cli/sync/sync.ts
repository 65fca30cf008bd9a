import type { FoundRun } from '../../recovery/find-runs.js'
import { countText, printable } from '../../text/text.js'
import { CliError, EXIT } from '../errors.js'
import type { Output } from '../output.js'
import { rootOf } from '../runs.js'
import type { SyncOptions } from '../sync.js'
import { listenForInterrupt } from './interrupt.js'
import { isDone, type Outcome, toJson } from './outcome.js'
import { createProgressView } from './progress.js'
import { isPending, namedRuns, runsBelow, unreadableRuns } from './select.js'
import { chooseSinks } from './sinks.js'
import { printSummary } from './summary.js'
import { type SyncRunOptions, syncRun } from './sync-run.js'
import { needsUpload } from './uploads.js'
import { watch } from './watch.js'

/** `offstep sync`. Resolves with the exit code; throws what is wrong with the command line. */
export async function sync(
  names: readonly string[],
  options: SyncOptions & { readonly dir?: string },
  output: Output,
): Promise<number> {
  const root = rootOf(options)
  if (options.watch) return watch(names, root, options, output)
  const { runs: found, problems } =
    names.length > 0 ? namedRuns(names, root) : { runs: runsBelow(root), problems: [] }
  if (found.length === 0 && problems.length > 0) throw new CliError(problems.join('\n'))
  for (const problem of problems) output.problem(problem)
  const choose = chooseSinks(
    options.sink,
    found.map(({ file }) => file),
  )
  const { upload } = options
  const isWanted = (run: FoundRun) => isPending(run) || (upload && needsUpload(run, choose(run.file.sinks)))
  const wanted = names.length > 0 || options.all ? found : found.filter(isWanted)
  const runs = wanted.filter(({ id, file }) => {
    const has = choose(file.sinks)?.only.length !== 0
    if (!has) output.note(`${printable(id)} has no sink ${options.sink?.join(', ')}: left out`)
    return has
  })
  const unreadable = names.length > 0 ? [] : unreadableRuns(root, found)
  const total = runs.length + unreadable.length
  const whenDone = problems.length === 0 ? EXIT.ok : EXIT.problem
  if (total === 0) {
    nothing(found.length, root, output)
    return whenDone
  }
  const view = createProgressView(output, runs.length)
  for (const outcome of unreadable) view.end(outcome)
  const { outcomes, exitCode } = await deliverAll(runs, { choose, upload, retries: options.retries, view })
  const all = [...unreadable, ...outcomes]
  if (output.json) output.printJson(all.map(toJson))
  else printSummary(all, total, output)
  // Ctrl-C that came when all was done has interrupted nothing.
  return all.length === total && all.every(isDone) ? whenDone : (exitCode ?? EXIT.problem)
}

/** One run after the other. `exitCode`: that of an interruption, or null. */
async function deliverAll(
  runs: readonly FoundRun[],
  { view, ...options }: Omit<SyncRunOptions, 'signal'>,
): Promise<{ outcomes: Outcome[]; exitCode: number | null }> {
  const interrupt = listenForInterrupt(
    () => view.say('Stopping after the batch in hand; Ctrl-C again stops at once. Both are safe.'),
    () => view.stop(),
  )
  const outcomes: Outcome[] = []
  try {
    for (const run of runs) {
      if (interrupt.signal.aborted) break
      const outcome = await syncRun(run, { ...options, view, signal: interrupt.signal })
      outcomes.push(outcome)
      view.end(outcome)
    }
  } finally {
    view.stop()
    interrupt.release()
  }
  return { outcomes, exitCode: interrupt.exitCode }
}

function nothing(found: number, root: string, output: Output): void {
  const are = found === 1 ? 'the one run' : `all ${countText(found)} runs`
  const text =
    found === 0
      ? `There are no runs in ${root}.`
      : `Nothing is pending: ${are} in ${root} ${found === 1 ? 'is' : 'are'} delivered. (--all looks again.)`
  if (output.json) output.printJson([])
  else output.print(text)
}
