import type { StoredRun } from '../../store/runs/stored-run.js'
import { EXIT } from '../errors.js'
import type { Output } from '../output.js'
import { openRun } from '../runs.js'
import { jsonValue, runJson } from '../values.js'
import { contentJson } from './content.js'
import { filesOf } from './files.js'
import { lastValues } from './last-values.js'
import { showLines } from './lines.js'
import { sinksOf } from './sinks.js'

/** `offstep show`. Returns the exit code; throws what is wrong with the command line. */
export function show(name: string, options: { readonly dir?: string }, output: Output): number {
  const run = openRun(name, options)
  if (output.json) output.printJson(toJson(run))
  else for (const line of showLines(run, output)) output.print(line)
  return EXIT.ok
}

function toJson(run: StoredRun): unknown {
  const { config, git, command, software, hardware, jobType, exitCode, error, records } = run.file
  const { rows, steps, values, metrics } = lastValues(run)
  const last = Object.entries(metrics).map(([name, metric]) => [name, metric.last.value] as const)
  return jsonValue({
    ...runJson(run),
    jobType,
    ...(exitCode !== undefined && { exitCode }),
    ...(error !== undefined && { error }),
    config,
    git,
    command,
    software,
    hardware,
    ...(records !== undefined && { records }),
    rows,
    steps,
    ...contentJson(run),
    sinks: sinksOf(run),
    files: filesOf(run.dir),
    summary: { ...Object.fromEntries(last), ...values },
  })
}
