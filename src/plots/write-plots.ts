import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../store/atomic-file.js'
import { comparisonPlots } from './comparison-plots.js'
import { RunData } from './data/run-data.js'
import { PlotError } from './errors.js'
import { metricPlot } from './metric-plots.js'
import type { LineStyle, Plot } from './plot.js'
import { renderPng, renderSvg } from './render/render.js'
import { runPlots } from './run-plots.js'
import { type ThemeName, themeOf } from './theme.js'

export const PLOT_FORMATS = ['png', 'svg'] as const
export type PlotFormat = (typeof PLOT_FORMATS)[number]

export interface PlotOptions {
  /** Default: `light`. */
  readonly theme?: ThemeName
  /** Default: PNG, of twice the chart's pixels. */
  readonly formats?: readonly PlotFormat[]
  /** The directory for the files. It is made where it does not exist. */
  readonly out?: string
}

/** What was made. A plot that could not be made is a sentence in `problems`; the others are there. */
export interface WrittenPlots {
  readonly files: readonly string[]
  readonly problems: readonly string[]
}

/**
 * Writes the standard plots of a run, by default to `plots/` in its directory: of what the journal has so far, so that
 * a live or a crashed run has them too. None where it has no rows.
 *
 * Blocks for about a second, and the first time of a long run for as long as its journal takes to read: not for the
 * training thread. Throws RunFileError where there is no run, and the file system's errors.
 */
export async function writePlots(runDir: string, options: PlotOptions = {}): Promise<WrittenPlots> {
  return withRuns([runDir], ([run]) =>
    writeAll(
      runPlots(run!, themeOf(options.theme ?? 'light')),
      options.out ?? join(runDir, 'plots'),
      options,
    ),
  )
}

export interface ComparisonOptions extends PlotOptions, Partial<LineStyle> {
  /** Default: those that several of the runs have. */
  readonly metrics?: readonly string[]
  readonly out: string
}

/** Writes plots that compare runs: their metrics over each other, final values, hyper-parameters. As writePlots(). */
export async function writeComparison(
  runDirs: readonly string[],
  { axis = 'step', smoothing, log, metrics, ...options }: ComparisonOptions,
): Promise<WrittenPlots> {
  const style = { axis, smoothing, log }
  return withRuns(runDirs, (runs) =>
    writeAll(comparisonPlots(runs, style, themeOf(options.theme ?? 'light'), metrics), options.out, options),
  )
}

export interface MetricPlotOptions extends PlotOptions, Partial<LineStyle> {
  /** Those that the run does not have are left out. */
  readonly metrics: readonly string[]
  readonly out: string
}

/** Writes one chart with these metrics of a run. As writePlots(). */
export async function writeMetricPlot(
  runDir: string,
  { metrics, axis = 'step', smoothing, log, ...options }: MetricPlotOptions,
): Promise<WrittenPlots> {
  return withRuns([runDir], ([run]) => {
    const plot = metricPlot(run!, metrics, { axis, smoothing, log }, themeOf(options.theme ?? 'light'))
    return writeAll([plot], options.out, options)
  })
}

async function withRuns<Result>(
  dirs: readonly string[],
  use: (runs: RunData[]) => Promise<Result>,
): Promise<Result> {
  const runs: RunData[] = []
  try {
    for (const dir of dirs) runs.push(new RunData(dir))
    return await use(runs)
  } finally {
    for (const run of runs) run.close()
  }
}

/** While one plot becomes a PNG on another thread, the next one is drawn on this. */
export async function writeAll(
  plots: Iterable<Plot>,
  out: string,
  { formats = ['png'] }: Pick<PlotOptions, 'formats'>,
): Promise<WrittenPlots> {
  const problems: string[] = []
  const writing: Promise<string[]>[] = []
  for (const plot of plots) {
    try {
      const { svg } = await renderSvg(plot.name, plot.spec)
      mkdirSync(out, { recursive: true })
      const files = formats.map(async (format) => {
        const file = join(out, `${plot.name}.${format}`)
        writeFileAtomic(file, format === 'svg' ? svg : await renderPng(plot.name, svg))
        return file
      })
      writing.push(Promise.all(files))
      // What fails while the next plot is drawn is told below.
      writing.at(-1)!.catch(() => {})
    } catch (error) {
      problems.push(sentenceOf(error))
    }
  }
  const done = await Promise.allSettled(writing)
  const files = done.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  for (const result of done) if (result.status === 'rejected') problems.push(sentenceOf(result.reason))
  return { files, problems }
}

/** Of a plot that could not be drawn. Anything else, such as a disk without room, holds for all of them. */
function sentenceOf(error: unknown): string {
  if (error instanceof PlotError) return error.message
  throw error
}
