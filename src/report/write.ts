import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { comparedMetrics, comparisonPlots } from '../plots/comparison-plots.js'
import { RunData } from '../plots/data/run-data.js'
import { overlayPlot } from '../plots/metric-plots.js'
import type { Plot } from '../plots/plot.js'
import { runPlots } from '../plots/run-plots.js'
import type { Theme } from '../plots/theme.js'
import { writeFileAtomic } from '../store/atomic-file.js'
import { StoredRun } from '../store/runs/stored-run.js'
import { comparisonReport } from './comparison-report.js'
import type { Report } from './document.js'
import { type DrawnFigures, drawFigures } from './figures.js'
import { renderHtml } from './html.js'
import { renderMarkdown } from './markdown.js'
import { readObservations } from './observations.js'
import { keepOld, readOld, withLineEndsOf } from './old-file.js'
import { runReport } from './run-report.js'
import { isSealed } from './seal.js'

export interface WrittenReport {
  /** The Markdown, the HTML page, then the pictures. */
  readonly files: readonly string[]
  /** Copies of older files that somebody had changed by hand, outside of the observations. */
  readonly kept: readonly string[]
  /** Sentences: plots that could not be drawn. */
  readonly problems: readonly string[]
}

export interface ReportOptions {
  /** Default: the run's directory. It is made where it does not exist. */
  readonly out?: string
}

/**
 * Writes report.md and report.html of a run, of all that its journal has so far. Observations that somebody wrote into
 * report.md stay. Blocks for some seconds: not for the training thread. Throws RunFileError where there is no run, and
 * the file system's errors.
 */
export async function writeRunReport(
  runDir: string,
  { out = runDir }: ReportOptions = {},
): Promise<WrittenReport> {
  return write(
    [runDir],
    out,
    ([data], theme) => runPlots(data!, theme),
    ([run], drawn) => runReport(run!, drawn),
  )
}

/** Writes a report that compares runs; the first one is the baseline. As writeRunReport(). */
export async function writeComparisonReport(
  runDirs: readonly string[],
  { out }: Required<ReportOptions>,
): Promise<WrittenReport> {
  return write(runDirs, out, comparisonFigures, comparisonReport)
}

/** The standard plots, and the curves by wall time too. */
function* comparisonFigures(runs: readonly RunData[], theme: Theme): Generator<Plot> {
  const [overlay, ...others] = comparisonPlots(runs, { axis: 'step' }, theme)
  if (overlay !== undefined) yield overlay
  const metrics = comparedMetrics(runs)
  if (metrics.length > 0) yield overlayPlot(runs, metrics, { axis: 'time' }, theme)
  yield* others
}

async function write(
  runDirs: readonly string[],
  out: string,
  plots: (runs: readonly RunData[], theme: Theme) => Iterable<Plot>,
  make: (runs: readonly StoredRun[], drawn: DrawnFigures) => Report,
): Promise<WrittenReport> {
  const data: RunData[] = []
  const runs: StoredRun[] = []
  try {
    for (const dir of runDirs) {
      data.push(new RunData(dir))
      runs.push(new StoredRun(dir))
    }
    const drawn = await drawFigures((theme) => plots(data, theme), out)
    const { files, kept } = writeFiles(make(runs, drawn), out)
    return { files: [...files, ...drawn.files], kept, problems: drawn.problems }
  } finally {
    for (const each of [...data, ...runs]) each.close()
  }
}

function writeFiles(report: Report, out: string): Pick<WrittenReport, 'files' | 'kept'> {
  mkdirSync(out, { recursive: true })
  const markdown = join(out, 'report.md')
  const page = join(out, 'report.html')
  const [oldMarkdown, oldPage] = [readOld(markdown), readOld(page)]
  const observations = oldMarkdown === null ? null : readObservations(oldMarkdown)
  const text = observations?.text ?? ''
  const [newMarkdown, newPage] = [renderMarkdown(report, text), renderHtml(report, text)]
  const kept: string[] = []
  if (observations?.edited) kept.push(keepOld(markdown, oldMarkdown!))
  if (oldPage !== null && !isSealed(oldPage)) kept.push(keepOld(page, oldPage))
  writeFileAtomic(markdown, withLineEndsOf(oldMarkdown, newMarkdown))
  writeFileAtomic(page, newPage)
  return { files: [markdown, page], kept }
}
