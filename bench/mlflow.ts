import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { MlflowProcess } from './mlflow-server.js'
import { startProgram } from './wandb-program.js'

const PER_ROW = 10
const PER_REQUEST = 1000
/** Values a second that a training program may be expected to log. */
const WANTED = 20_000
/** Share of what the server takes by itself that counts as its limit. */
const OF_LIMIT = 0.9
/** Compiled files are below dist; this one is not compiled. */
const PYTHON_PROGRAM = fileURLToPath(new URL('../../bench/programs/mlflow-rows.py', import.meta.url))

export const mlflow: Benchmark = {
  name: 'mlflow',
  about: "values to a real MLflow server on loopback: ours, MLflow's own client, and bare requests",
  scopes: ['delivery'],
  async run({ quick }: Settings): Promise<Figure[]> {
    const python = process.env.OFFSTEP_MLFLOW_PYTHON
    if (python === undefined) {
      process.stderr.write('mlflow: not measured; OFFSTEP_MLFLOW_PYTHON names a Python with mlflow\n')
      return []
    }
    const rows = Number(process.env.OFFSTEP_BENCH_ROWS) || (quick ? 500 : 5000)
    return withDirectory(async (directory) => {
      const server = await MlflowProcess.start(python, directory)
      try {
        return await measure(server.url, { rows, python, directory })
      } finally {
        await server.stop()
      }
    })
  },
}

interface Wanted {
  readonly rows: number
  readonly python: string
  readonly directory: string
}

/** Twice the server's own limit, before and after: a busy machine shows in their difference. */
async function measure(url: string, { rows, python, directory }: Wanted): Promise<Figure[]> {
  const values = rows * PER_ROW
  const before = await bareRequests(url, values, 'before')
  const ours = await startProgram<{ ms: number; reached: boolean; url: string }>(
    'mlflow-rows',
    { dir: directory, rows, url },
    {},
  ).result
  if (ours === null || !ours.reached) throw new Error('The program "mlflow-rows" has not delivered its rows')
  const after = await bareRequests(url, values, 'after')
  const { stdout } = await promisify(execFile)(python, [PYTHON_PROGRAM, url, `${rows}`], { cwd: directory })
  const theirs = JSON.parse(stdout.trim().split('\n').at(-1)!) as { ms: number; arrived: number }
  const limit = Math.min(before, after)
  const target = { atLeast: Math.min(WANTED, OF_LIMIT * limit) }
  return [
    figure('the server by itself, before', before, `requests of ${PER_REQUEST} values, one after the other`),
    figure('the server by itself, after', after),
    {
      ...figure('offstep', perSecond(values, ours.ms), `${values} values, init() to the end of finish()`),
      target,
    },
    figure(
      "MLflow's client, asynchronous",
      perSecond(values, theirs.ms),
      `${theirs.arrived} of ${rows} rows arrived`,
    ),
  ]
}

const figure = (name: string, measured: number, note = ''): Figure => ({
  name,
  measured,
  unit: 'values/s',
  note,
})

const perSecond = (count: number, ms: number): number => (count / ms) * 1000

async function bareRequests(url: string, values: number, word: string): Promise<number> {
  const call = async (path: string, body: object) => {
    const response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const made = { experiment_id: '0', run_name: word, start_time: Date.now() }
  const { run } = (await call('runs/create', made)) as { run: { info: { run_id: string } } }
  const start = performance.now()
  for (let from = 0; from < values; from += PER_REQUEST) {
    const metrics = Array.from({ length: PER_REQUEST }, (_, index) => {
      const step = Math.floor((from + index) / PER_ROW)
      return {
        key: `metric ${index % PER_ROW}`,
        value: step * 0.001,
        timestamp: made.start_time + step,
        step,
      }
    })
    await call('runs/log-batch', { run_id: run.info.run_id, metrics })
  }
  return perSecond(values, performance.now() - start)
}
