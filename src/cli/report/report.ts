import { basename, join } from 'node:path'
import { fileNameOf } from '../../plots/plot.js'
import { writeComparisonReport, writeExperimentLog, writeRunReport } from '../../report/index.js'
import { plural, printable } from '../../text/text.js'
import { CliError, EXIT } from '../errors.js'
import type { Output } from '../output.js'
import type { ReportCommandOptions } from '../report.js'
import { resolveRun, rootOf } from '../runs.js'

/** What any of them comes to. */
interface Written {
  readonly files: readonly string[]
  readonly kept: readonly string[]
  readonly problems: readonly string[]
}

/** `offstep report`. Resolves with the exit code; throws what is wrong with the command line. */
export async function report(
  names: readonly string[],
  { project, out, ...options }: ReportCommandOptions & { readonly dir?: string },
  output: Output,
): Promise<number> {
  if (project === undefined && names.length === 0) {
    throw new CliError('name a run, several to compare them, or a project: offstep report --project <name>')
  }
  if (project !== undefined && names.length > 0) {
    throw new CliError('give runs, or --project: the log of a project has all of its runs')
  }
  const root = rootOf(options)
  const written = project === undefined ? await ofRuns(names, root, out) : ofProject(project, root, out)
  tell(written, output)
  return written.problems.length === 0 ? EXIT.ok : EXIT.problem
}

async function ofRuns(names: readonly string[], root: string, out: string | undefined): Promise<Written> {
  const dirs = [...new Set(names.map((name) => resolveRun(name, root)))]
  if (dirs.length === 1) return writeRunReport(dirs[0]!, out === undefined ? {} : { out })
  return writeComparisonReport(dirs, { out: out ?? join('reports', comparisonName(dirs)) })
}

/** Two names say what was compared; of more, how many. */
function comparisonName(dirs: readonly string[]): string {
  const [first, second] = dirs.map((dir) => fileNameOf(basename(dir)))
  return dirs.length === 2 ? `${first}_vs_${second}` : `${first}_vs_${dirs.length - 1}_others`
}

function ofProject(project: string, root: string, out: string | undefined): Written {
  const { file, kept, unreadable } = writeExperimentLog(project, {
    dir: root,
    ...(out !== undefined && { out }),
  })
  return { files: [file], kept, problems: unreadable.map(({ error }) => error.message) }
}

function tell({ files, kept, problems }: Written, output: Output): void {
  if (output.json) output.printJson({ files, kept, problems })
  else for (const file of files.filter((name) => !name.endsWith('.png'))) output.print(printable(file))
  const pictures = files.filter((name) => name.endsWith('.png')).length
  if (pictures > 0) output.note(output.err.dim(`and ${plural(pictures, 'plot')}`))
  for (const file of kept) {
    output.note(`It had been changed by hand elsewhere: what it was is kept as ${printable(file)}.`)
  }
  for (const problem of problems) output.problem(printable(problem))
}
