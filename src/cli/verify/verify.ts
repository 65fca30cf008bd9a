import fs from 'node:fs'
import path from 'node:path'
import { readRunFile } from '../../store/run-file.js'
import { repairRun } from '../../verify/repair-run.js'
import type { VerifyReport } from '../../verify/report.js'
import { verifyRun } from '../../verify/verify-run.js'
import { CliError, EXIT } from '../errors.js'
import type { Output } from '../output.js'
import { resolveRun, rootOf } from '../runs.js'
import { wrap } from '../text.js'
import type { VerifyCommandOptions } from '../verify.js'
import { advice } from './advice.js'
import { repairLines } from './repair-lines.js'
import { reportLines } from './report-lines.js'
import { StatusLine } from './status-line.js'

/** `offstep verify`. Resolves with the exit code; throws what is wrong with the command line. */
export async function verify(
  name: string,
  { repair, sink, ...options }: VerifyCommandOptions & { readonly dir?: string },
  output: Output,
): Promise<number> {
  const dir = findRun(name, rootOf(options))
  if (sink !== undefined) assertSinks(dir, sink)
  const status = new StatusLine(output)
  const common = { ...(sink !== undefined && { only: sink }), onProgress: status.verifying }
  let report: VerifyReport
  try {
    if (repair) {
      const repaired = await repairRun(dir, { ...common, onDelivery: status.delivering })
      status.clear()
      report = repaired.after
      if (output.json) output.printJson(repaired)
      else for (const line of repairLines(repaired, output)) output.print(line)
    } else {
      report = await verifyRun(dir, common)
      status.clear()
      if (output.json) output.printJson(report)
    }
  } finally {
    status.clear()
  }
  if (!output.json) {
    for (const line of reportLines(report, output)) output.print(line)
    output.print('')
    for (const line of wrap(advice(report, name, repair === true), output.columns)) output.print(line)
  }
  return report.sound ? EXIT.ok : EXIT.problem
}

/** As elsewhere; and a directory with a journal whose run.json is gone, which is what verify must tell. */
function findRun(name: string, root: string): string {
  if (name !== '' && fs.existsSync(path.join(name, 'journal'))) return path.resolve(name)
  return resolveRun(name, root)
}

function assertSinks(dir: string, names: readonly string[]): void {
  const known = readRunFile(dir).sinks.map((sink) => sink.name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new CliError(`the run has no sink "${unknown.join('", "')}": it has ${known.join(', ')}`)
  }
}
