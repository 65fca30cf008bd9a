/** Runs to a scripted MLflow server whose process is killed at any moment, and runs that were offline. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { recoverRun } from '../../dist/src/runs.js'
import { offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { type MlflowFault, type MlflowScript, ScriptedMlflow } from '../support/mlflow-script.js'
import { metricKey, type ScriptedRun } from '../support/mlflow-script-run.js'
import { startProgram } from '../support/program.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { until } from '../support/until.js'

const CYCLES = countFromEnv('OFFSTEP_MLFLOW_KILLS', 4)
const WAIT = { timeoutMs: 50_000 }
const LOG_BATCH = 'runs/log-batch'

async function started(script: MlflowScript = {}): Promise<ScriptedMlflow> {
  const server = await ScriptedMlflow.start({ refusesDuplicates: true, ...script })
  onTestFinished(() => server.stop())
  return server
}

function startRun(server: ScriptedMlflow, env: Record<string, string> = {}) {
  const dir = temporaryDirectory()
  const variables = { MLFLOW_TRACKING_URI: server.url, HOME: dir, ...env }
  const program = startProgram('mlflow/endless-run.mjs', { dir, args: [dir], env: variables })
  return { dir, program, runDir: () => program.stdout.split('\n')[0]! }
}

/** What MLflow must have, by the run's metrics.jsonl. */
function loggedPoints(runDir: string): string[] {
  const lines = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').split('\n').filter(Boolean)
  const keys = lines.flatMap((line) => {
    const { step, timestamp, loss, odd } = JSON.parse(line)
    const at = { timestamp: Math.round(timestamp * 1000), step }
    return [metricKey({ key: 'loss', value: loss, ...at }), metricKey({ key: 'odd', value: odd, ...at })]
  })
  return [...new Set(keys)].sort()
}

const runOf = (server: ScriptedMlflow): ScriptedRun => {
  expect(server.runs.size).toBe(1)
  return [...server.runs.values()][0]!
}

const FAULTS: readonly MlflowFault[] = [
  { on: LOG_BATCH, status: null, commit: true },
  { on: LOG_BATCH, status: 500 },
  { on: LOG_BATCH, commit: true },
  { on: 'runs/create', status: null, commit: true },
]

test(`${CYCLES} runs that are killed at some request are recovered with each point once`, {
  timeout: 120_000,
}, async () => {
  const seed = countFromEnv('OFFSTEP_SEED', 815)
  const random = seededRandom(seed)
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const server = await started()
    const fault = FAULTS[cycle % FAULTS.length]!
    server.fail(fault)
    // Nothing more comes from who waits for an answer.
    const hangs = () => fault.status === undefined && server.faultsLeft === 0
    const { program, runDir } = startRun(server)
    const requests = 4 + Math.floor(random() * 25)
    await until(
      `request ${requests} of cycle ${cycle}, seed ${seed}`,
      () => server.requests.length >= requests || hangs() || !program.running,
      { ...WAIT, everyMs: 1 },
    )
    program.kill('SIGKILL')
    await program.ended
    // Also where somebody else has other variables.
    process.env.MLFLOW_EXPERIMENT_NAME = 'another'
    process.env.MLFLOW_TRACKING_URI ??= server.url
    const report = await recoverRun(runDir(), { role: 'sync', retries: 5 }).finally(() => {
      delete process.env.MLFLOW_EXPERIMENT_NAME
      delete process.env.MLFLOW_TRACKING_URI
    })
    expect({ seed, cycle, ...report }).toMatchObject({ complete: true, status: 'crashed' })
    const run = runOf(server)
    expect({ seed, cycle, points: [...run.points.keys()].sort() }).toEqual({
      seed,
      cycle,
      points: loggedPoints(runDir()),
    })
    expect(run.status).toBe('KILLED')
    expect(server.experiments.get(run.experimentId)).toMatchObject({ name: 'killed' })
  }
})

test('a run that was offline is sent by `offstep sync`, once', { timeout: 120_000 }, async () => {
  const server = await started()
  const { dir, program, runDir } = startRun(server, { OFFSTEP_MODE: 'offline', STEPS: '300' })
  expect(await program.ended).toMatchObject({ code: 0 })
  expect(server.requests).toEqual([])
  const env = { MLFLOW_TRACKING_URI: server.url, HOME: dir }
  const sent = await offstep(['sync'], { dir, env })
  expect({ code: sent.code, stderr: sent.stderr }).toMatchObject({ code: 0 })
  expect(sent.stdout).toMatch(/mlflow-upload +300 +0 +0/)
  const run = runOf(server)
  expect([...run.points.keys()].sort()).toEqual(loggedPoints(runDir()))
  expect(run.status).toBe('FINISHED')
  const before = server.requests.length
  expect((await offstep(['sync'], { dir, env })).stdout).toContain('Nothing is pending')
  expect(server.requests).toHaveLength(before)
})

test('who is refused reads it once on the terminal, and `offstep sync` delivers when it is mended', {
  timeout: 120_000,
}, async () => {
  const server = await started({ authorization: 'Bearer right' })
  const { dir, program, runDir } = startRun(server, { MLFLOW_TRACKING_TOKEN: 'wrong-secret', STEPS: '50' })
  expect(await program.ended).toMatchObject({ code: 0 })
  const told = program.stderr.split('\n').filter((line) => line.startsWith('offstep: mlflow gets nothing'))
  expect(told).toHaveLength(1)
  expect(told[0]).toContain('set MLFLOW_TRACKING_USERNAME')
  expect(program.stderr).not.toContain('wrong-secret')
  const env = { MLFLOW_TRACKING_URI: server.url, HOME: dir, MLFLOW_TRACKING_TOKEN: 'right' }
  expect((await offstep(['sync'], { dir, env })).code).toBe(0)
  expect([...runOf(server).points.keys()].sort()).toEqual(loggedPoints(runDir()))
})
