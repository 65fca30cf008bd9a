import { type Command, InvalidArgumentError, Option } from 'commander'
import { outputOf } from './output.js'

const HELP = `
A run is given by its path, its id, or the beginning of it; several are
compared. On a terminal the chart is drawn there; with --out, --format or
--theme, or into a pipe, files are made.

One run, without --metric: the standard plots it has data for, into plots/ of
its directory (loss_by_step.png, loss_by_time.png, learning_rate.png,
gradients.png, throughput.png, metrics.png, system.png, histograms.png).
Several runs: compare_*.png, into ./plots. --metric, --x, --smooth and --log
make one chart. --out with the ending .png or .svg is that one chart's file.

A live run is shown as far as it is; a crashed one as far as it came.

Examples:
  offstep plot baseline
  offstep plot baseline --theme dark --format svg
  offstep plot baseline --metric train/loss --metric val/loss --log --out a.png
  offstep plot baseline higher-lr --metric val/loss --x time

Exit code: 0 done; 1 nothing to show, or a plot could not be made; 2 wrong
usage, or no such run or metric.`

/** What commander makes of the options of `offstep plot`. */
export interface PlotCommandOptions {
  readonly metric?: readonly string[]
  readonly x?: 'step' | 'time'
  readonly smooth?: number
  readonly log?: boolean
  readonly theme?: 'light' | 'dark'
  readonly format?: 'png' | 'svg'
  readonly out?: string
  readonly terminal?: boolean
  readonly open?: 'yes' | 'no'
}

export function registerPlot(program: Command): void {
  program
    .command('plot')
    .summary('plot a run, or compare runs: PNG, SVG, or in the terminal')
    .description('Plots the metrics of a run, or of several over each other.')
    .argument('<run...>', 'runs, by path, id, or the beginning of an id')
    .option('-m, --metric <name>', 'only this metric (repeatable)', collect)
    .addOption(new Option('-x, --x <axis>', 'along the x-axis').choices(['step', 'time']))
    .option('--smooth <weight>', 'smoothing, 0 (none) to 0.999', weightOf)
    .option('--log', 'a logarithmic y-axis')
    .addOption(new Option('--theme <name>', 'colours of the files').choices(['light', 'dark']))
    .addOption(new Option('--format <name>', 'of the files').choices(['png', 'svg']))
    .option('-o, --out <path>', 'a directory, or one file (.png, .svg)')
    .option('-t, --terminal', 'draw in the terminal')
    .addOption(new Option('--open <when>', 'open what was made').choices(['yes', 'no']))
    .addHelpText('after', HELP)
    .action(async (runs: string[], _options: PlotCommandOptions, command: Command) => {
      const { plot } = await import('./plot/plot.js')
      const options = command.optsWithGlobals<PlotCommandOptions & { dir?: string }>()
      process.exitCode = await plot(runs, options, outputOf(command))
    })
}

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

function weightOf(text: string): number {
  const weight = Number(text)
  if (text.trim() !== '' && weight >= 0 && weight <= 0.999) return weight
  throw new InvalidArgumentError('Give a number from 0 to 0.999.')
}
