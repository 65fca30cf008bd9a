/** A process is killed and started again: the next run waits for the rows of the killed one, and goes on behind them. */
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { until } from '../support/until.js'
import { startWandbServer, TEST_KEY } from '../support/wandb-server/server.js'

const ROWS = 300

test.for([
  ['while its lines are on their way', 'file_stream'],
  ['before the server has answered at all', 'UpsertBucket'],
] as const)(
  'a run that was killed %s is gone on with by the next one, whole',
  { timeout: 60_000 },
  async ([, on]) => {
    const server = await startWandbServer({ faults: [{ kind: 'hang', commit: true, on }] })
    onTestFinished(() => server.stop())
    let stuck = false
    server.onStuck = () => {
      stuck = true
    }
    const dir = temporaryDirectory()
    const env = { WANDB_BASE_URL: server.url, WANDB_API_KEY: TEST_KEY, WANDB_SILENT: 'true' }
    const killed = startProgram('wandb/auto-resumed.mjs', { args: [ROWS, 'wait'], dir, env })
    await killed.waitFor('logged')
    await until('a request is on its way', () => stuck)
    killed.kill('SIGKILL')
    await killed.ended
    const next = startProgram('wandb/auto-resumed.mjs', { args: [ROWS], dir, env })
    await next.ended
    expect(server.backend.runs).toHaveLength(1)
    const [run] = server.backend.runs
    expect(run!.history.map(({ _step, value }) => [_step, value])).toEqual(
      Array.from({ length: 2 * ROWS }, (_, step) => [step, step % ROWS]),
    )
    expect(run).toMatchObject({ complete: true, exitCode: 0 })
    expect(server.errors).toEqual([])
  },
)
