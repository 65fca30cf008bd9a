import path from 'node:path'
import { RunData } from '../../plots/data/run-data.js'
import { warmUp } from '../../plots/render/render.js'
import { writeAll } from '../../plots/write-plots.js'
import { indexAhead } from '../../store/series/index-ahead.js'
import { printable } from '../../text/text.js'
import { CliError, EXIT } from '../errors.js'
import type { Output } from '../output.js'
import type { PlotCommandOptions } from '../plot.js'
import { resolveRun, rootOf } from '../runs.js'
import { choosePlots } from './choose-plots.js'
import { checkMetrics } from './metrics.js'
import { openFile } from './open-file.js'
import { terminalCharts } from './terminal.js'

/** `offstep plot`. Resolves with the exit code; throws what is wrong with the command line. */
export async function plot(
  names: readonly string[],
  options: PlotCommandOptions & { readonly dir?: string },
  output: Output,
): Promise<number> {
  const inTerminal = isForTerminal(options, output)
  const root = rootOf(options)
  const dirs = [...new Set(names.map((name) => resolveRun(name, root)))]
  // The indexes of long runs take as long as the libraries, and another thread.
  await Promise.all([indexAhead(dirs), inTerminal ? null : warmUp()])
  const runs: RunData[] = []
  try {
    for (const dir of dirs) runs.push(new RunData(dir))
    checkMetrics(runs, options.metric)
    if (!inTerminal) return await makeFiles(runs, options, output)
    assertRows(runs)
    for (const line of terminalCharts(runs, options, output)) output.print(line)
    return EXIT.ok
  } finally {
    for (const run of runs) run.close()
  }
}

function isForTerminal(options: PlotCommandOptions, output: Output): boolean {
  const { terminal, out, format, theme, open } = options
  const files = out !== undefined || format !== undefined || theme !== undefined || open === 'yes'
  if (terminal && files) {
    throw new CliError(
      '--terminal makes no files: leave it out, or leave out --out, --format, --theme and --open',
    )
  }
  if (terminal && output.json)
    throw new CliError('--terminal makes no files that --json could list: leave one out')
  return terminal ?? (!files && !output.json && Number.isFinite(output.columns))
}

async function makeFiles(
  runs: readonly RunData[],
  options: PlotCommandOptions,
  output: Output,
): Promise<number> {
  const { plots, out, format } = choosePlots(runs, options)
  const { files, problems } = await writeAll(plots, out, { formats: [format] })
  if (files.length === 0 && problems.length === 0) throw nothingToShow(runs)
  if (output.json) output.printJson({ files: files.map((file) => path.resolve(file)), problems })
  else for (const file of files) output.print(path.relative('', file) || file)
  for (const problem of problems) output.problem(problem)
  if (options.open === 'yes' && files[0] !== undefined) await openFile(files[0], output)
  return problems.length === 0 ? EXIT.ok : EXIT.problem
}

function assertRows(runs: readonly RunData[]): void {
  if (runs.every((run) => run.names.length === 0)) throw nothingToShow(runs)
}

function nothingToShow(runs: readonly RunData[]): CliError {
  const listed = runs.map(({ file: { project, id } }) => printable(`${project}/${id}`)).join(', ')
  const isLive = runs.some(({ status }) => status === 'running')
  const have = runs.length === 1 ? 'has' : 'have'
  return new CliError(
    isLive
      ? `${listed} ${have} no metrics yet: try again when a row is logged`
      : `${listed} ${have} no metrics to plot: ${runs.length === 1 ? 'its journal holds' : 'their journals hold'} none`,
    EXIT.problem,
  )
}
