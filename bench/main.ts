import os from 'node:os'
import { parseArgs } from 'node:util'
import { type Benchmark, SCOPES } from './benchmark.js'
import { describeMachine } from './machine.js'
import { type BenchmarkReport, formatFigures, writeJson } from './report.js'
import { BENCHMARKS, choose } from './suite.js'

const USAGE = `npm run bench -- [all | scope ... | name ...] [--seconds n] [--quick] [--json file]

Scopes:
  ${SCOPES.join(' ')}

Names, and the scopes that they belong to:
${BENCHMARKS.map(({ name, scopes, about }) => `  ${name.padEnd(14)} ${about} (${scopes.join(', ')})`).join('\n')}
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const { chosen, unknown } = choose(positionals)
const seconds = values.seconds === undefined ? null : Number(values.seconds)

if (values.help) process.stdout.write(USAGE)
else if (unknown.length > 0 || (seconds !== null && !(seconds > 0))) {
  const why =
    unknown.length > 0
      ? `no scope or benchmark is named ${unknown.join(', ')}`
      : '--seconds takes a number above 0'
  process.stderr.write(`bench: ${why}\n\n${USAGE}`)
  process.exitCode = 2
} else await runAll(chosen)

async function runAll(benchmarks: readonly Benchmark[]): Promise<void> {
  const machine = describeMachine()
  const { cpu, cores, os: system, node, loadAverage } = machine
  process.stdout.write(`${cpu}, ${cores} cores, ${system}, Node ${node}, load ${loadAverage.toFixed(2)}\n`)
  const reports: BenchmarkReport[] = []
  for (const { name, about, run } of benchmarks) {
    process.stdout.write(`\n${name}: ${about}\n`)
    const loadBefore = os.loadavg()[0]!
    const start = performance.now()
    const result = await run({ seconds, quick: values.quick })
    const measured = 'figures' in result ? result : { figures: result, charts: [] }
    reports.push({ name, about, seconds: (performance.now() - start) / 1000, loadBefore, ...measured })
    process.stdout.write(`${formatFigures(measured.figures)}\n`)
    // After each: a suite that is stopped has what it measured.
    if (values.json !== undefined) writeJson(values.json, machine, reports)
  }
}
