import os from 'node:os'
import { parseArgs } from 'node:util'
import type { Benchmark, Settings } from './benchmark.js'
import { describeCode, describeMachine, type Machine } from './machine.js'
import { writeReport } from './report/file.js'
import { type BenchmarkReport, REPORT_FORMAT, REPORT_VERSION, type Report } from './report/report.js'
import { formatChart, formatFigures } from './report/text/terminal.js'
import { choose } from './suite.js'
import { UsageError } from './usage.js'

/** `[all | scope ... | name ...] [--seconds n] [--quick] [--json file]`: measures and prints. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  })
  const { chosen, unknown } = choose(positionals)
  if (unknown.length > 0) throw new UsageError(`no scope or benchmark is named ${unknown.join(', ')}`)
  const seconds = values.seconds === undefined ? null : Number(values.seconds)
  if (seconds !== null && !(seconds > 0)) throw new UsageError('--seconds takes a number above 0')
  await runAll(chosen, { seconds, quick: values.quick }, values.json ?? null)
}

async function runAll(chosen: readonly Benchmark[], settings: Settings, file: string | null): Promise<void> {
  const machine = describeMachine()
  const head = {
    format: REPORT_FORMAT,
    version: REPORT_VERSION,
    time: new Date().toISOString(),
    settings,
    machine,
    code: describeCode(),
  } as const
  process.stdout.write(`${machineLine(machine)}\n`)
  const benchmarks: BenchmarkReport[] = []
  for (const benchmark of chosen) {
    process.stdout.write(`\n${benchmark.name}: ${benchmark.about}\n`)
    const measured = await measure(benchmark, settings)
    benchmarks.push(measured)
    process.stdout.write(`${resultText(measured)}\n`)
    if (measured.failed !== undefined) process.exitCode = 1
    const report: Report = { ...head, benchmarks }
    // After each: a suite that is stopped has what it measured.
    if (file !== null) writeReport(file, report)
  }
}

const machineLine = ({ cpu, cores, os: system, node, loadAverage }: Machine): string =>
  `${cpu}, ${cores} cores, ${system}, Node ${node}, load ${loadAverage.toFixed(2)}`

/** One that fails does not take with it what the others measure. */
async function measure(
  { name, about, scopes, run }: Benchmark,
  settings: Settings,
): Promise<BenchmarkReport> {
  const loadBefore = os.loadavg()[0]!
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  try {
    const result = await run(settings)
    const measured = 'figures' in result ? result : { figures: result, charts: [] }
    return { name, about, scopes, seconds: seconds(), loadBefore, ...measured }
  } catch (error) {
    process.stderr.write(`${(error as Error).stack}\n`)
    const [failed] = (error as Error).message.split('\n') as [string]
    return { name, about, scopes, seconds: seconds(), loadBefore, failed, figures: [], charts: [] }
  }
}

function resultText({ figures, charts, failed }: BenchmarkReport): string {
  if (failed !== undefined) return `failed: ${failed}`
  return [formatFigures(figures), ...charts.map((chart) => formatChart(chart))].join('\n\n')
}
