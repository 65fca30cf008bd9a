import {
  type CheckedCheckpoint,
  type RunCheckpoints,
  readCheckpoints,
} from '../../store/runs/run-checkpoints.js'
import { plural, printable } from '../../text/text.js'
import type { CheckpointsCommandOptions } from '../checkpoints.js'
import { EXIT } from '../errors.js'
import type { Output } from '../output.js'
import { openRun } from '../runs.js'
import { wrap } from '../text.js'
import { jsonValue } from '../values.js'
import { checkpointTable } from './table.js'

/** `offstep checkpoints`. Returns the exit code; throws what is wrong with the command line. */
export function checkpoints(
  name: string,
  { verify = false, ...options }: CheckpointsCommandOptions & { readonly dir?: string },
  output: Output,
): number {
  const run = openRun(name, options)
  const found = readCheckpoints(run, verify ? 'hash' : 'size')
  const problems = [...found.checkpoints.flatMap(({ problems }) => problems), ...found.unreadable]
  if (output.json) output.printJson(jsonOf(found))
  else {
    if (found.checkpoints.length > 0) output.print(checkpointTable(found, output))
    for (const problem of problems) output.problem(printable(problem))
    for (const line of notes(found, verify, problems.length === 0)) {
      output.note(wrap(line, output.columns).map(output.err.dim).join('\n'))
    }
  }
  return problems.length === 0 ? EXIT.ok : EXIT.problem
}

function notes(
  { checkpoints, superseded, bestBy }: RunCheckpoints,
  verify: boolean,
  good: boolean,
): string[] {
  const lines: string[] = []
  if (checkpoints.length === 0 && good)
    lines.push('The run has no checkpoints: run.checkpoints.save() makes them.')
  if (bestBy !== null) {
    const way = bestBy.mode === 'min' ? 'lowest' : 'highest'
    lines.push(`best: the ${way} ${printable(bestBy.metric)}`)
  }
  if (verify && good && checkpoints.length > 0) {
    lines.push(`${plural(checkpoints.length, 'checkpoint')}: every byte is as it was saved.`)
  }
  if (superseded > 0) {
    lines.push(`${plural(superseded, 'more')} in checkpoints/superseded/: the run went back behind them.`)
  }
  return lines
}

function jsonOf({
  checkpoints,
  latest,
  best,
  bestBy,
  superseded,
  bytes,
  unreadable,
}: RunCheckpoints): unknown {
  const each = ({ bestBy: _, time, ...checkpoint }: CheckedCheckpoint) => ({
    ...checkpoint,
    time: new Date(time).toISOString(),
    latest: checkpoint.step === latest?.step,
    best: checkpoint.step === best?.step,
  })
  return jsonValue({ checkpoints: checkpoints.map(each), bestBy, bytes, superseded, unreadable })
}
