import { parseArgs } from 'node:util'
import type { Benchmark } from './benchmark.js'
import { call } from './call.js'
import { checkpoints } from './checkpoints.js'
import { eventWriter } from './event-writer.js'
import { journal } from './journal.js'
import { kill } from './kill.js'
import { lifecycle } from './lifecycle.js'
import { describeMachine } from './machine.js'
import { media } from './media.js'
import { mlflow } from './mlflow.js'
import { paced } from './paced.js'
import { recovery } from './recovery.js'
import { type BenchmarkReport, formatFigures, writeJson } from './report.js'
import { sustained } from './sustained.js'
import { tfjs } from './tfjs.js'
import { training } from './training.js'
import { verify } from './verify.js'
import { wandb } from './wandb.js'

const BENCHMARKS: readonly Benchmark[] = [
  call,
  paced,
  journal,
  eventWriter,
  sustained,
  lifecycle,
  training,
  tfjs,
  verify,
  recovery,
  kill,
  media,
  checkpoints,
  wandb,
  mlflow,
]

const USAGE = `npm run bench -- [name ...] [--seconds n] [--quick] [--json file]

${BENCHMARKS.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}
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
const unknown = positionals.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name))
const seconds = values.seconds === undefined ? null : Number(values.seconds)

if (values.help || unknown.length > 0 || (seconds !== null && !(seconds > 0))) {
  process.stdout.write(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  await runAll(BENCHMARKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name)))
}

async function runAll(benchmarks: readonly Benchmark[]): Promise<void> {
  const machine = describeMachine()
  const { cpu, cores, os, node, loadAverage } = machine
  process.stdout.write(`${cpu}, ${cores} cores, ${os}, Node ${node}, load ${loadAverage.toFixed(2)}\n`)
  const reports: BenchmarkReport[] = []
  for (const { name, about, run } of benchmarks) {
    process.stdout.write(`\n${name}: ${about}\n`)
    const start = performance.now()
    const figures = await run({ seconds, quick: values.quick })
    reports.push({ name, seconds: (performance.now() - start) / 1000, figures })
    process.stdout.write(`${formatFigures(figures)}\n`)
  }
  if (values.json !== undefined) writeJson(values.json, machine, reports)
}
