import { statSync } from 'node:fs'
import { exportRuns } from '../../export/export-runs.js'
import type { ExportFormat } from '../../export/types.js'
import { durationText, plural } from '../../text/text.js'
import { CliError, EXIT } from '../errors.js'
import type { ExportCommandOptions } from '../export.js'
import type { Output } from '../output.js'
import { rootOf } from '../runs.js'
import { chooseRuns } from './choose-runs.js'
import { exitOnSignals } from './signals.js'

const FORMATS: { readonly [ending: string]: ExportFormat } = {
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
}

/** `offstep export`. Resolves with the exit code; throws what is wrong with the command line. */
export async function exportCommand(
  names: readonly string[],
  { out, wide, metric, from, to, ...options }: ExportCommandOptions & { readonly dir?: string },
  output: Output,
): Promise<number> {
  const format = options.format ?? formatOf(out) ?? 'csv'
  if (out === undefined && format === 'parquet') {
    throw new CliError('Parquet is no text: give the file that it goes to, as --out runs.parquet')
  }
  if (out === undefined && output.json) {
    throw new CliError(
      '--json prints what was exported, and the export goes to stdout itself: give --out, or --format jsonl',
    )
  }
  const runs = chooseRuns(names, options, rootOf(options))
  exitOnSignals()
  const start = performance.now()
  const report = await exportRuns(runs, {
    format,
    shape: wide === true ? 'wide' : 'long',
    out: out ?? process.stdout,
    ...(metric !== undefined && { metrics: metric }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  })
  const milliseconds = performance.now() - start
  if (out === undefined) return EXIT.ok
  const { size } = statSync(out)
  if (output.json) output.printJson({ ...report, format, file: out, bytes: size })
  const text = `${plural(report.points, 'value')} of ${plural(report.runs, 'run')} in ${out}`
  output.note(`${text} (${plural(size, 'byte')}, ${durationText(milliseconds)})`)
  return EXIT.ok
}

/** By the ending of a file's name; undefined where that says nothing. */
function formatOf(file: string | undefined): ExportFormat | undefined {
  const ending = file?.split('.').at(-1)?.toLowerCase()
  return ending !== undefined && Object.hasOwn(FORMATS, ending) ? FORMATS[ending] : undefined
}
