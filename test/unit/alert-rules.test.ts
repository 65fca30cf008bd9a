/** Rules over rows: what sets them off, when, and that a crash changes nothing of it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRule } from '../../src/alerts/options/rules.js'
import type { AlertRule, FiredAlert, ResolvedRule } from '../../src/alerts/types.js'
import { AlertFeed } from '../../src/sinks/alerts/alert-feed.js'
import type { SinkState } from '../../src/sinks/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import { committedState } from './support/sink-run.js'

const RUN = { runId: 'r', runDir: '/nowhere' }

function resolved(rule: AlertRule): ResolvedRule {
  const goal = rule.when === 'plateau' || rule.when === 'overfitting' ? { goal: rule.goal ?? 'minimize' } : {}
  const parsed = parseRule({ ...rule, ...goal }, (path, value, fix) => {
    throw new Error(`${path.join('.')} ${String(value)}: ${fix}`)
  })
  return parsed!
}

/** Alerts of the rows, in batches of these sizes, the state going through JSON in between. */
function alertsOf(
  rules: readonly AlertRule[],
  rows: readonly RowLiteral[],
  sizes: readonly number[] = [rows.length],
): FiredAlert[] {
  const feed = new AlertFeed(rules.map(resolved), RUN)
  const builder = new BatchBuilder()
  const alerts: FiredAlert[] = []
  let state: SinkState | null = null
  let from = 0
  for (const size of [...sizes, rows.length]) {
    const result = feed.read(builder.batchOf(rows.slice(from, from + size)), state)
    alerts.push(...result.due.map(({ alert }) => alert))
    state = committedState(result.state)
    from += size
  }
  return alerts
}

const values = (metric: string, ...given: readonly number[]): RowLiteral[] =>
  given.map((value) => ({ metrics: { [metric]: value } }))

const titles = (rule: AlertRule, rows: readonly RowLiteral[]): string[] =>
  alertsOf([rule], rows).map(({ title, step }) => `${step}: ${title}`)

const NAN = Number.NaN

test('a NaN and an infinity of any metric set off an alert, once while they last', () => {
  const rows = [{ metrics: { loss: 1, lr: 1 } }, { metrics: { loss: NAN } }, { metrics: { lr: 1 } }]
  expect(titles({ when: 'nan' }, [...rows, ...values('loss', NAN, NAN)])).toEqual(['1: loss is NaN'])
  expect(titles({ when: 'nan' }, values('loss', 1, -Infinity))).toEqual(['1: loss is -Infinity'])
  expect(titles({ when: 'nan', coolDownMs: 0 }, values('loss', NAN, NAN, NAN))).toHaveLength(1)
  expect(titles({ when: 'nan', metric: 'loss' }, values('grad', NAN))).toEqual([])
  expect(
    alertsOf([{ when: 'threshold', metric: 'x', above: 0, coolDownMs: 0 }], values('x', 1, 1, 1)),
  ).toHaveLength(1)
  expect(titles({ when: 'nan', metric: ['a', 'grad'] }, values('grad', NAN))).toEqual(['0: grad is NaN'])
})

test('a condition that begins again is told after the cool-down, with the times that it was not', () => {
  const rows = values('loss', NAN, 1, NAN, 1, NAN, 1, NAN)
  // A row a second: those at 2 s and 4 s are too early.
  const alerts = alertsOf([{ when: 'nan', coolDownMs: 5000 }], rows)
  expect(alerts.map(({ id, step }) => [id, step])).toEqual([
    ['r/0/0', 0],
    ['r/0/1', 6],
  ])
  expect(alerts[1]!.text).toBe('loss is NaN at step 6. It began 2 times more since the alert before.')
})

test('a clock that goes back silences no rule for longer than its cool-down', () => {
  const rows = [
    { metrics: { loss: NAN } },
    { metrics: { loss: 1 }, time: START_TIME - 3_600_000 },
    { metrics: { loss: NAN }, time: START_TIME - 3_600_000 },
  ]
  expect(alertsOf([{ when: 'nan', coolDownMs: 5000 }], rows)).toHaveLength(2)
})

test('a threshold is passed for so many values in a row, and a NaN passes none', () => {
  const rule: AlertRule = { when: 'threshold', metric: 'loss', above: 2, below: -2, forSteps: 2 }
  expect(titles(rule, values('loss', 3, 1, 3, NAN, 3, 3, 3))).toEqual(['5: loss is above 2'])
  expect(titles(rule, values('loss', -3, -3))).toEqual(['1: loss is below -2'])
  expect(titles(rule, values('loss', 2, 2, -2, -2))).toEqual([])
  expect(titles(rule, values('loss', Infinity, Infinity))).toEqual(['1: loss is above 2'])
})

test('a plateau is so many steps without an improvement of more than minDelta', () => {
  const rule: AlertRule = { when: 'plateau', metric: 'v', steps: 3, minDelta: 0.1 }
  expect(titles(rule, values('v', 5, 4, 3.95, 3.95, 3.95))).toEqual(['4: v has not improved for 3 steps'])
  expect(titles(rule, values('v', 5, 4, 3, 2, 1))).toEqual([])
  expect(titles({ ...rule, goal: 'maximize' }, values('v', 5, 4, 3, 2, 9))).toHaveLength(1)
  // Logged every hundredth step: steps count, not rows.
  const sparse = [0, 100].map((step) => ({ step, metrics: { v: 1 } }))
  expect(titles({ ...rule, steps: 100 }, sparse)).toEqual(['100: v has not improved for 100 steps'])
})

test('overfitting is a gap to the mean of the training values since the last validation', () => {
  const rule: AlertRule = { when: 'overfitting', gap: 0.5, forSteps: 2 }
  const round = (val: number): RowLiteral[] => [...values('loss', 0.5, 1.5), { metrics: { val_loss: val } }]
  expect(titles(rule, [...round(1.4), ...round(1.6), ...round(1.4), ...round(1.6)])).toEqual([])
  expect(titles(rule, [...round(1.6), ...round(1.6)])).toEqual([
    '5: val_loss is worse than loss by more than 50 %',
  ])
  expect(titles({ ...rule, goal: 'maximize' }, [...round(0.4), ...round(0.4)])).toHaveLength(1)
})

test('steps that take longer than before set off an alert, the first block aside', () => {
  const rule: AlertRule = { when: 'slow', steps: 2, factor: 2 }
  let time = START_TIME
  const rows = [9, 9, 1, 1, 1, 1, 1, 5, 5, 1, 1].map((seconds, step) => {
    time += seconds * 1000
    return { step, time, metrics: { loss: 1 } }
  })
  const [alert, ...others] = alertsOf([rule], rows)
  expect(others).toEqual([])
  expect(alert).toMatchObject({ title: 'training is slow', step: 8, value: 5000 })
})

test('idle GPUs are told when the samples say so for long enough, a single one by its index', () => {
  const sample = (seconds: number, ...busy: readonly number[]): RowLiteral => ({
    time: START_TIME + seconds * 1000,
    media: {
      kind: 'system',
      name: 'system',
      producer: 0,
      value: { values: Object.fromEntries(busy.map((percent, gpu) => [`gpu.${gpu}.gpu`, percent])) },
    },
  })
  const rule: AlertRule = { when: 'gpu-idle', forMs: 10_000 }
  const rows = [sample(0, 0, 90), sample(20, 0, 0), sample(29, 0, 0), sample(30, 0, 4)]
  expect(alertsOf([rule], rows).map(({ title, time }) => [title, time - START_TIME])).toEqual([
    ['GPUs are idle', 30_000],
  ])
  expect(alertsOf([{ ...rule, gpu: 0 }], rows).map(({ title }) => title)).toEqual(['GPU 0 is idle'])
  expect(alertsOf([{ ...rule, gpu: 1, below: 1 }], rows)).toEqual([])
})

test('an alert of the user has the title once within its wait, and a record of an alert that was told is no alert', () => {
  const record = (seconds: number, rule?: { index: number; id: string | null }): RowLiteral => ({
    time: START_TIME + seconds * 1000,
    media: {
      kind: 'alert',
      name: 'alert',
      producer: 0,
      value: { title: 'T', text: 'x', level: 'info', waitMs: 10_000, ...(rule && { rule }) },
    },
  })
  const rows = [record(0, { index: 0, id: 'r/0/0' }), record(1), record(2), record(11)]
  expect(alertsOf([{ when: 'nan' }], rows).map(({ id, rule }) => [id, rule])).toEqual([
    ['r/record/1', 'alert'],
    ['r/record/3', 'alert'],
  ])
  const state = alertsOf([{ when: 'disk-low' }], [record(0, { index: 0, id: null })])
  expect(state).toMatchObject([{ rule: 'disk-low', id: 'r/record/0' }])
})

test('however the rows are cut into batches, the alerts are the same', () => {
  const rules: AlertRule[] = [
    { when: 'nan', coolDownMs: 3000 },
    { when: 'threshold', metric: 'loss', above: 1, forSteps: 2, coolDownMs: 0 },
    { when: 'plateau', metric: 'loss', steps: 4, coolDownMs: 0 },
    { when: 'overfitting', forSteps: 1, coolDownMs: 0 },
    { when: 'slow', steps: 2, factor: 1.1, coolDownMs: 0 },
  ]
  const value = fc.constantFrom(0, 0.5, 1, 2, -3, NAN, Infinity)
  const row = fc.record({
    metrics: fc.dictionary(fc.constantFrom('loss', 'val_loss', 'x'), value, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    time: fc.integer({ min: START_TIME, max: START_TIME + 60_000 }),
  })
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 40 }),
      (rows, sizes) => {
        const numbered = rows.map((one, step) => ({ ...one, step }))
        expect(alertsOf(rules, numbered, sizes)).toEqual(alertsOf(rules, numbered))
      },
    ),
  )
})

test('a rule that is another one after a resume begins anew, and its alerts have ids of their own', () => {
  const batches = [values('x', 2, 2), values('x', 2, 0, 9)]
  const builder = new BatchBuilder()
  let state: SinkState | null = null
  const ids = batches.flatMap((rows, index) => {
    const rule: AlertRule = { when: 'threshold', metric: 'x', above: index === 0 ? 1 : 5 }
    const result = new AlertFeed([resolved(rule)], RUN).read(builder.batchOf(rows), state)
    state = committedState(result.state)
    return result.due.map(({ alert }) => [alert.id, alert.value])
  })
  expect(ids).toEqual([
    ['r/0/0', 2],
    ['r/0/1', 9],
  ])
})
