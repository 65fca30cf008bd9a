/** Runs that were resumed from an earlier step, at W&B: what was superseded is gone, all else is there once. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { countFromEnv, seededRandom } from '../support/random.js'
import { type Call, CallMaker, FIRST_CALL } from '../support/wandb-calls.js'
import { REWIND_REFUSALS } from '../support/wandb-server/rewind.js'
import { startWandbServer, type WandbServer } from '../support/wandb-server/server.js'
import { START_TIME } from './support/batches.js'
import { COMPLETED } from './support/sink-run.js'
import { RewoundRun } from './support/wandb-rewound.js'

const SCENARIOS = countFromEnv('OFFSTEP_WANDB_REWINDS', 10)
const KILLED = { status: 'crashed', endTime: START_TIME + 60_000 } as const

async function started(): Promise<WandbServer> {
  const server = await startWandbServer()
  onTestFinished(() => server.stop())
  return server
}

/** Ten seconds apart: each row closes the line of the one before. `life`: of which process. */
const rows = (from: number, to: number, life = 0): Call[] =>
  Array.from({ length: to - from }, (_, index) => ({
    kind: 'row',
    producer: 0,
    step: from + index,
    time: FIRST_CALL + life * 1e6 + (from + index) * 10_000,
    values: { value: from + index + life / 10, [`life${life}`]: 1 },
  }))

const record = (kind: string, step: number, value: object): Call =>
  ({
    kind: 'record',
    step,
    time: FIRST_CALL + step * 10_000,
    record: { kind, name: kind, producer: 0, value },
  }) as Call

const printed = (step: number, text: string): Call =>
  record('console', step, { stream: 'stdout', lines: [{ time: FIRST_CALL + step * 10_000, text }] })

const steps = ({ stored }: RewoundRun) => stored.history.map(({ _step, value }) => [_step, value])

/** Steps of a first life up to `to`, then those of a second one. */
const lives = (to: number, end: number) =>
  Array.from({ length: end }, (_, step) => [step, step <= to ? step : step + 0.1])

describe('a run that is resumed from an earlier step', () => {
  test('has each step once at W&B, and the values of the process that counts', async () => {
    const server = await started()
    const run = new RewoundRun(server, 'rewound')
    run.log(printed(0, 'first'), ...rows(0, 20), record('system', 3, { values: { cpu: 3 } }))
    run.log(
      record('system', 19, { values: { cpu: 19 } }),
      record('summary', 19, { values: { best: 1 }, removed: [] }),
    )
    await run.deliver()
    await run.close(KILLED)
    run.resume(10, FIRST_CALL + 1e6)
    run.log(...rows(11, 30, 1), printed(29, 'second'))
    await run.deliver()
    await run.close(COMPLETED)
    expect(steps(run)).toEqual(lives(10, 30))
    const { stored } = run
    expect(stored.summary).toMatchObject({ _step: 29, value: 29.1, life0: 1, life1: 1 })
    expect(stored.summary).not.toHaveProperty('best')
    expect(stored.summary).not.toHaveProperty('offstep/late_rows')
    expect(stored.history[29]!._runtime).toBe((FIRST_CALL + 1e6 + 290_000 - START_TIME) / 1000)
    expect(stored.events.map((event) => event['system.cpu'])).toEqual([3])
    expect(stored.console.map((line) => line!.replace(/^\S+ /, ''))).toEqual(['first', 'second'])
    expect(stored).toMatchObject({ complete: true, exitCode: 0 })
    expect(stored.archived.map((lines) => lines.length)).toEqual([20])
    expect([server.errors, run.told]).toEqual([[], []])
  })

  test('never sends rows that were superseded before they were sent, and is not rewound for them', async () => {
    const server = await started()
    const run = new RewoundRun(server, 'unsent')
    run.log(...rows(0, 12))
    await run.deliver()
    await run.leave()
    run.log(...rows(12, 20))
    run.resume(15, FIRST_CALL + 1e6)
    run.log(...rows(16, 25, 1))
    await run.deliver()
    await run.close(COMPLETED)
    expect(steps(run)).toEqual(lives(15, 25))
    expect(server.requestsOf('RewindRun')).toEqual([])
    expect(server.errors).toEqual([])
  })

  test('begins anew at W&B, where it has no checkpoint', async () => {
    const server = await started()
    const run = new RewoundRun(server, 'anew')
    run.log(...rows(0, 20))
    await run.deliver()
    await run.leave()
    run.resume('start', FIRST_CALL + 1e6)
    run.log(...rows(0, 5, 1))
    await run.deliver()
    await run.close(COMPLETED)
    expect(steps(run)).toEqual(lives(-1, 5))
    expect(run.stored.summary).not.toHaveProperty('life0')
    expect(server.errors).toEqual([])
  })

  test('is rewound behind what another run of W&B had, which stays', async () => {
    const server = await started()
    const first = new RewoundRun(server, 'shared', { options: { id: 'shared' } })
    first.log(...rows(0, 5))
    await first.deliver()
    await first.close(COMPLETED)
    const run = new RewoundRun(server, 'shared', { options: { id: 'shared', resume: 'must' } })
    run.log(...rows(0, 10, 1))
    await run.deliver()
    await run.leave()
    run.resume('start', FIRST_CALL + 2e6)
    run.log(...rows(0, 3, 2))
    await run.deliver()
    await run.close(COMPLETED)
    const [a, b, c] = [0, 1, 2]
    expect(steps(run)).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, a + 0.2],
      [6, b + 0.2],
      [7, c + 0.2],
    ])
    expect(run.stored.summary).toMatchObject({ life0: 1, life2: 1 })
    expect(run.stored.summary).not.toHaveProperty('life1')
    expect(server.errors).toEqual([])
  })

  test('is rewound, where the process that rewound it died before it could journal that', async () => {
    const server = await started()
    const run = new RewoundRun(server, 'unnoted')
    run.log(...rows(0, 20))
    await run.deliver()
    await run.leave()
    run.resume(10, FIRST_CALL + 1e6, { noted: false })
    run.resume(null, FIRST_CALL + 1e6)
    run.log(...rows(11, 15, 1))
    await run.deliver()
    await run.close(COMPLETED)
    expect(steps(run)).toEqual(lives(10, 15))
    expect(server.errors).toEqual([])
  })

  test.for([
    [{ kind: 'reset', commit: true }],
    [{ kind: 'status', status: 503 }],
    [{ kind: 'status', status: 503, commit: true }],
    [{ kind: 'truncated' }],
  ] as const)('is rewound, where the answer to that is lost: %o', async ([fault]) => {
    const server = await started()
    const run = new RewoundRun(server, 'lost')
    run.log(...rows(0, 20))
    await run.deliver()
    await run.leave()
    run.resume(10, FIRST_CALL + 1e6)
    run.log(...rows(11, 15, 1))
    server.script([{ ...fault, on: 'RewindRun' }])
    await expect(run.deliver()).rejects.toMatchObject({ action: 'retry' })
    await run.deliver()
    await run.close(COMPLETED)
    expect(steps(run)).toEqual(lives(10, 15))
    expect(server.errors).toEqual([])
  })

  test('is asked for again, where W&B has not seen yet that it has ended', async () => {
    const server = await started()
    const run = new RewoundRun(server, 'not-ended')
    run.log(...rows(0, 20))
    await run.deliver()
    await run.leave()
    run.resume(10, FIRST_CALL + 1e6)
    run.log(...rows(11, 15, 1))
    const body = '{"errors":[{"message":"cannot rewind a run that is not in a terminal state"}]}'
    server.script([{ kind: 'status', status: 400, body, on: 'RewindRun' }])
    await expect(run.deliver()).rejects.toMatchObject({ action: 'retry', code: 'WANDB_NOT_ENDED' })
    await run.deliver()
    await run.close(COMPLETED)
    expect(steps(run)).toEqual(lives(10, 15))
    expect([server.errors, run.told]).toEqual([[], []])
  })
})

describe('a server that does not rewind', () => {
  test.for(Object.entries(REWIND_REFUSALS))(
    'since it %s keeps what it has, and loses nothing',
    async ([, refusal]) => {
      const server = await started()
      server.backend.rewindRefusal = refusal
      const run = new RewoundRun(server, 'refused')
      run.log(...rows(0, 20))
      await run.deliver()
      await run.leave()
      run.resume(10, FIRST_CALL + 1e6)
      run.log(...rows(11, 25, 1))
      await run.deliver()
      await run.leave()
      run.log(...rows(25, 30, 1))
      await run.deliver()
      await run.close(COMPLETED)
      const { history, summary } = run.stored
      expect(history.map(({ _step }) => _step)).toEqual(
        Array.from({ length: history.length }, (_, step) => step),
      )
      const found = history.map((line) => [line['offstep/step'] ?? line._step, line.value])
      // The first row that comes again has its own line: line 19 has a value already.
      const again = Array.from({ length: 19 }, (_, index) => [index + 11, index + 11.1])
      expect(found).toEqual([...lives(19, 20), ...again])
      expect(summary).toMatchObject({ 'offstep/late_rows': 8, value: 29.1 })
      expect(run.told.filter((told) => told.includes('does not rewind'))).toHaveLength(1)
      expect(server.requestsOf('RewindRun')).toHaveLength(1)
      expect(server.errors).toEqual([])
    },
  )
})

/** Calls of every kind whose steps go on from `from`. */
function callsFrom(maker: CallMaker, count: number, from: number): Call[] {
  const calls = maker.calls(count, 3)
  const first = Math.min(...calls.map(({ step }) => step))
  return calls.map((call) => ({ ...call, step: call.step - first + from }))
}

/** One that was never killed, with the calls that count. */
async function straight(server: WandbServer, runId: string, calls: readonly Call[]): Promise<RewoundRun> {
  const run = new RewoundRun(server, runId)
  run.log(...calls)
  await run.deliver()
  await run.close(COMPLETED)
  return run
}

const whatIsThere = ({
  stored: { history, summary, events, console, config, alerts, metrics },
}: RewoundRun) => ({
  history: history.map((line) => ({ ...line })),
  summary,
  events,
  console,
  config: { ...config, _wandb: null },
  metrics,
  // Those of a batch that came again are there twice.
  alerts: new Set(alerts.map(({ text }) => text)),
})

describe('a run that is killed and rewound at any moment', () => {
  test.for(Array.from({ length: SCENARIOS }, (_, seed) => seed))(
    'is at W&B as one that never was: seed %d',
    async (seed) => {
      const server = await started()
      const random = seededRandom(seed)
      const whole = (below: number): number => Math.floor(random() * below)
      const run = new RewoundRun(server, 'killed')
      const maker = new CallMaker(random)
      let step = 0
      let time = FIRST_CALL
      const lifes = 1 + whole(4)
      for (let life = 0; life <= lifes; life++) {
        const first = step
        for (let part = whole(4); part >= 0; part--) {
          const calls = callsFrom(maker, 1 + whole(80), step)
          step = Math.max(step, ...calls.map((call) => call.step)) + 1
          time = Math.max(time, ...calls.map((call) => call.time))
          run.log(...calls)
          if (random() < 0.3) await run.leave()
          if (random() < 0.3) await run.deliverInVain()
          else if (random() < 0.6) await run.deliver()
        }
        if (life === lifes) break
        if (random() < 0.3) {
          await run.deliver()
          await run.close(KILLED)
        } else await run.leave()
        const to =
          random() < 0.15 ? 'start' : whole(3) === 0 ? whole(step) : Math.max(0, first + whole(step - first))
        run.resume(random() < 0.2 ? null : to, time)
        if (run.calls.at(-1) !== undefined && to !== 'start') step = to + 1
        if (to === 'start') step = 0
      }
      await run.deliver()
      await run.close(COMPLETED)
      const expected = await straight(server, 'straight', run.calls)
      expect(whatIsThere(run)).toEqual(whatIsThere(expected))
      expect(server.errors).toEqual([])
      const { delivered, deadLettered, notApplicable } = run.cursor.counts
      expect(delivered + deadLettered + notApplicable).toBe(run.journaled)
    },
  )
})
