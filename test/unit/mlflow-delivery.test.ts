/** What arrives at MLflow, whatever goes wrong on the way. */
import { expect, test } from 'vitest'
import { opened, pointsOf, prepared, rowsOf, storedPoints } from '../support/mlflow-run.js'
import type { MlflowFault } from '../support/mlflow-script.js'
import { START_TIME } from './support/batches.js'
import { COMPLETED } from './support/sink-run.js'

const LOG_BATCH = 'runs/log-batch'
const values = (step: number) => ({
  loss: step % 5 === 4 ? Number.NEGATIVE_INFINITY : 1 / (step + 1),
  odd: step % 3 === 0 ? Number.NaN : step,
})

test('points have the time and the step of their log call, NaN and infinities as they are', async () => {
  const run = await opened()
  const rows = rowsOf(0, 4, (step) => ({ loss: [1.5, Number.NaN, Number.POSITIVE_INFINITY, -1e-300][step]! }))
  await run.write(...rows)
  const metrics = run.server.bodiesOf(LOG_BATCH).flatMap(({ metrics = [] }) => metrics as object[])
  expect(metrics).toEqual([
    { key: 'loss', value: 1.5, timestamp: START_TIME, step: 0 },
    { key: 'loss', value: 'Infinity', timestamp: START_TIME + 2000, step: 2 },
    { key: 'loss', value: -1e-300, timestamp: START_TIME + 3000, step: 3 },
    { key: 'loss', value: 'NaN', timestamp: START_TIME + 1000, step: 1 },
  ])
})

test('no request has more than 1000 metrics, 100 names or a million bytes, and wide rows fill them', async () => {
  const run = await opened()
  const long = 'n'.repeat(200)
  const wide = rowsOf(0, 20, (step) =>
    Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`${long}/${index}`, step])),
  )
  await run.write(...wide)
  const bodies = run.server.bodiesOf(LOG_BATCH).filter(({ metrics }) => metrics !== undefined)
  for (const body of bodies) {
    const metrics = body.metrics as { key: string }[]
    expect(metrics.length).toBeLessThanOrEqual(1000)
    expect(new Set(metrics.map(({ key }) => key)).size).toBeLessThanOrEqual(100)
  }
  expect(bodies).toHaveLength(5)
  expect(storedPoints(run.stored)).toEqual(pointsOf(wide))
})

const FAULTS: { readonly [what: string]: readonly MlflowFault[] } = {
  'a 500 before the commit': [{ on: LOG_BATCH, status: 500 }],
  'a 500 after the commit': [{ on: LOG_BATCH, status: 500, commit: true }],
  'a reset before the commit': [{ on: LOG_BATCH, status: null }],
  'a reset after the commit': [{ on: LOG_BATCH, status: null, commit: true }],
  'a page of a proxy': [{ on: LOG_BATCH, status: 200, body: '<html>' }],
  'a database that is locked': [
    { on: LOG_BATCH, status: 400, body: '{"message":"(sqlite3.OperationalError) database is locked"}' },
  ],
  'several of them': [
    { on: LOG_BATCH, status: 503, commit: true },
    { on: LOG_BATCH, status: null, commit: true },
    { on: LOG_BATCH, status: 504 },
  ],
}

test.for(
  Object.entries(FAULTS).flatMap(([what, faults]) => [true, false].map((old) => ({ what, faults, old }))),
)(
  '$what leaves each point once, also where the server refuses what it has: $old',
  async ({ faults, old }) => {
    const run = await opened({ refusesDuplicates: old })
    const rows = rowsOf(0, 1500, values)
    run.server.fail(...faults)
    for (;;) {
      try {
        await run.write(...rows)
        break
      } catch (error) {
        expect(error).toMatchObject({ action: 'retry' })
        // Another thread goes on: it knows nothing of what was taken.
        await run.crash()
      }
    }
    expect(run.server.faultsLeft).toBe(0)
    expect(storedPoints(run.stored)).toEqual(pointsOf(rows))
  },
)

test('what comes again in batches of other sizes after a crash is there once', async () => {
  const run = await opened({ refusesDuplicates: true })
  const rows = rowsOf(0, 300, values)
  await run.write(...rows.slice(0, 100))
  const committed = run.state
  await run.write(...rows.slice(100, 250))
  run.state = committed
  await run.crash()
  await run.write(...rows.slice(100, 130))
  await run.write(...rows.slice(130))
  expect(storedPoints(run.stored)).toEqual(pointsOf(rows))
})

test('a batch that is tried again in the same session goes on with what is left', async () => {
  const run = await opened()
  const rows = rowsOf(0, 3000, (step) => ({ loss: step }))
  run.server.fail({ on: LOG_BATCH, status: 200, body: '{}', commit: true }, { on: LOG_BATCH, status: 500 })
  await expect(run.write(...rows)).rejects.toMatchObject({ action: 'retry' })
  const before = run.server.bodiesOf(LOG_BATCH).length
  // The engine comes with half of the rows.
  await run.write(...rows.slice(0, 1500))
  const again = run.server.bodiesOf(LOG_BATCH).slice(before)
  expect(again.map(({ metrics }) => (metrics as object[]).length)).toEqual([500])
  await run.write(...rows.slice(1500))
  expect(storedPoints(run.stored)).toEqual(pointsOf(rows))
})

test('a row that MLflow refuses is a dead letter, and the others arrive', async () => {
  const run = await opened()
  const rows = rowsOf(0, 40, (step) => ({ loss: step }))
  run.server.fail(
    ...Array.from({ length: 7 }, () => ({
      on: LOG_BATCH,
      status: 400,
      body: '{"error_code":"INVALID_PARAMETER_VALUE"}',
    })),
  )
  const { rejected = [] } = await run.write(...rows)
  expect(rejected.length).toBeGreaterThan(0)
  expect(rejected.every(({ cause }) => cause === 'INVALID_PARAMETER_VALUE')).toBe(true)
  const refused = new Set(rejected.map(({ row }) => row))
  expect(storedPoints(run.stored)).toEqual(pointsOf(rows.filter((_, row) => !refused.has(row))))
})

test('a server that refuses everything gives nothing up', async () => {
  const run = await opened()
  run.server.fail(...Array.from({ length: 200 }, () => ({ on: LOG_BATCH, status: 400 })))
  await expect(run.write(...rowsOf(0, 40, values))).rejects.toMatchObject({
    action: 'pause',
    code: 'MLFLOW_REFUSES_ALL',
  })
})

test('a request that is too large is sent in parts', async () => {
  const run = await opened()
  const rows = rowsOf(0, 500, values)
  run.server.fail({ on: LOG_BATCH, status: 413 }, { on: LOG_BATCH, status: 413 })
  await run.write(...rows)
  expect(storedPoints(run.stored)).toEqual(pointsOf(rows))
})

test('a run whose creation got no answer is made once', async () => {
  const run = await prepared({ faults: [{ on: 'runs/create', status: null, commit: true }] })
  await expect(run.open()).rejects.toMatchObject({ action: 'retry' })
  await run.open()
  await run.write(...rowsOf(0, 3, values))
  expect(run.server.runs.size).toBe(1)
  expect(run.stored.points.size).toBe(6)
})

test('a cursor that is lost fills the same run again', async () => {
  const run = await opened({ refusesDuplicates: true })
  const rows = rowsOf(0, 50, values)
  await run.write(...rows)
  run.state = null
  await run.crash()
  await run.write(...rows)
  expect(run.server.runs.size).toBe(1)
  expect(storedPoints(run.stored)).toEqual(pointsOf(rows))
})

test('steps that are no whole numbers are rounded down, and are recorded beside the point', async () => {
  const run = await opened()
  await run.write(
    { step: 2.75, time: 1000, metrics: { loss: 1 } },
    { step: -0.5, time: 2000, metrics: { loss: 2 } },
    { step: 1e300, time: 3000.4, metrics: { loss: 3 } },
  )
  expect(storedPoints(run.stored)).toEqual(
    [
      'loss|1000|2|1',
      'offstep/step|1000|2|2.75',
      'loss|2000|-1|2',
      'offstep/step|2000|-1|-0.5',
      `loss|3000|${Number.MAX_SAFE_INTEGER}|3`,
      `offstep/step|3000|${Number.MAX_SAFE_INTEGER}|1e+300`,
    ].sort(),
  )
})

test('names that MLflow forbids are changed, never to one that is there, and the names are recorded', async () => {
  const run = await opened()
  const names = [
    'loss (val)',
    'loss _val_',
    '../up',
    '/root',
    'a//b',
    'x'.repeat(400),
    'Verlust/Prüfung 損失',
    '🙂',
    '',
  ]
  await run.write({ step: 0, time: 1000, metrics: names.map((name, index) => [name, index] as const) })
  const stored = [...run.stored.points.values()]
  expect(stored).toHaveLength(names.length)
  for (const { key, value } of stored) {
    const name = names[Number(value)]!
    const recorded = run.stored.tags.get(`offstep.name.${key}`)
    if (key === name) expect(recorded).toBeUndefined()
    else expect(recorded).toBe(name)
  }
  expect(stored.map(({ key }) => key)).toEqual(expect.arrayContaining(['loss _val_', 'Verlust/Prüfung 損失']))
  await run.crash()
  await run.write({ step: 1, time: 2000, metrics: { 'loss (val)': 7 } })
  const [first] = stored.filter(({ value }) => value === 0)
  expect([...run.stored.points.values()].at(-1)).toMatchObject({ key: first!.key, value: 7 })
})

test.for([
  ['completed', 'FINISHED'],
  ['failed', 'FAILED'],
  ['killed', 'KILLED'],
  ['crashed', 'KILLED'],
] as const)('a run that is %s is %s at MLflow', async ([status, expected]) => {
  const run = await opened()
  await run.sink.close({ ...COMPLETED, status })
  expect(run.stored).toMatchObject({ status: expected, endTime: COMPLETED.endTime })
})

test('a run that goes on is running again, and one that is recovered is not', async () => {
  const run = await opened()
  await run.write(...rowsOf(0, 1, values))
  await run.sink.close(COMPLETED)
  await run.crash()
  expect(run.stored.status).toBe('RUNNING')
  const other = await prepared({ on: run.server, context: { live: false } })
  run.stored.status = 'FINISHED'
  other.state = run.state
  await other.open()
  expect(run.stored.status).toBe('FINISHED')
})
