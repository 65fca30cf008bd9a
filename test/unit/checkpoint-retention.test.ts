import { appendFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLink } from '../../src/checkpoint/links.js'
import { rankByBest } from '../../src/checkpoint/ranking.js'
import { openCheckpoints } from '../../src/checkpoint/read/checkpoints.js'
import { keptByRules } from '../../src/checkpoint/retention.js'
import type { CheckpointRetention } from '../../src/checkpoint/types.js'
import { writeCheckpoint } from '../../src/checkpoint/write/write-checkpoint.js'
import { KEEP_ALL, requestOf } from '../support/checkpoint-maker.js'
import { temporaryDirectory } from '../support/directory.js'

const NOTHING: CheckpointRetention = { ...KEEP_ALL, keepLast: 0 }
const entry = (step: number, loss?: number, isBest = false) => ({
  step,
  isBest,
  metrics: loss === undefined ? {} : { loss },
})
const LOSSES = [
  entry(1, 3),
  entry(2, 1),
  entry(3, Number.NaN),
  entry(4, 2),
  entry(5),
  entry(6, 1),
  entry(7, 9),
]

const kept = (retention: Partial<CheckpointRetention>, entries = LOSSES): number[] =>
  keptByRules(entries, { ...NOTHING, ...retention }).map(({ step }) => step)

describe('what the rules keep', () => {
  test.each<[string, Partial<CheckpointRetention>, number[]]>([
    ['the newest two', { keepLast: 2 }, [7, 6]],
    ['the best two by the least loss, of equal ones the earlier', { keepBest: 2, metric: 'loss' }, [6, 2]],
    ['the best one by the least loss', { keepBest: 1, metric: 'loss' }, [2]],
    ['the best two by the greatest loss', { keepBest: 2, metric: 'loss', mode: 'max' }, [7, 1]],
    ['no NaN and none without the metric, however many', { keepBest: 9, metric: 'loss' }, [7, 6, 4, 2, 1]],
    ['every third step', { keepEvery: 3 }, [6, 3]],
    ['what any of the rules wants', { keepLast: 1, keepBest: 1, metric: 'loss', keepEvery: 3 }, [7, 6, 3, 2]],
    ['the newest where no rule wants any', {}, [7]],
  ])('%s', (_, retention, steps) => {
    expect(kept(retention)).toEqual(steps)
  })

  test('without a metric, those that the program called best, the last first', () => {
    const entries = [entry(1, 0, true), entry(2, 0), entry(3, 0, true), entry(4, 0)]
    expect(kept({ keepBest: 1 }, entries)).toEqual([3])
    expect(kept({ keepBest: 5 }, entries)).toEqual([3, 1])
    expect(rankByBest([entry(1, undefined, true)], { metric: 'loss', mode: 'min' })).toHaveLength(1)
  })

  test('whatever the rules are, each of them has what it wants, and nothing else is kept', () => {
    const rules = fc.record({
      keepLast: fc.nat(4),
      keepBest: fc.nat(4),
      keepEvery: fc.nat(4),
      metric: fc.constantFrom('loss', null),
      mode: fc.constantFrom('min' as const, 'max' as const),
    })
    const entries = fc.uniqueArray(
      fc.record({ step: fc.nat(30), isBest: fc.boolean(), metrics: fc.record({ loss: fc.double() }) }),
      { selector: ({ step }) => step, minLength: 1 },
    )
    fc.assert(
      fc.property(entries, rules, (entries, retention) => {
        const steps = new Set(keptByRules(entries, retention).map(({ step }) => step))
        const newer = (step: number) => entries.filter((other) => other.step > step).length
        const sign = retention.mode === 'min' ? 1 : -1
        const finite = entries.filter(({ metrics }) => Number.isFinite(metrics.loss))
        const byMetric = retention.metric !== null && finite.length > 0
        const better = (one: (typeof entries)[number]) =>
          byMetric
            ? finite.filter(({ step, metrics: { loss } }) => {
                const difference = sign * (loss - one.metrics.loss)
                return difference < 0 || (difference === 0 && step < one.step)
              }).length
            : entries.filter(({ isBest, step }) => isBest && step > one.step).length
        const wanted = entries.filter(
          (one) =>
            newer(one.step) < retention.keepLast ||
            (retention.keepEvery > 0 && one.step % retention.keepEvery === 0) ||
            ((byMetric ? finite.includes(one) : one.isBest) && better(one) < retention.keepBest),
        )
        const newest = Math.max(...entries.map(({ step }) => step))
        expect([...steps].sort()).toEqual(
          wanted.length > 0 ? wanted.map(({ step }) => step).sort() : [newest],
        )
      }),
    )
  })
})

async function saveAll(runDir: string, steps: readonly number[], retention: CheckpointRetention) {
  const results = []
  for (const step of steps) {
    const metrics = { loss: Math.abs(step - 3) }
    const request = requestOf(step, { metrics })
    results.push(await writeCheckpoint({ runDir, request, retention, compression: 'none' }))
  }
  return results
}

const stepsIn = (runDir: string): number[] =>
  openCheckpoints(runDir)
    .list()
    .map(({ step }) => step)

test('a run keeps what its rules want, says what it deleted, and isBest and the link follow the metric', async () => {
  const runDir = temporaryDirectory()
  const retention: CheckpointRetention = {
    keepLast: 2,
    keepBest: 1,
    keepEvery: 5,
    metric: 'loss',
    mode: 'min',
  }
  const results = await saveAll(runDir, [0, 1, 2, 3, 4, 5, 6, 7], retention)
  expect(results.map(({ info }) => info.isBest)).toEqual([true, true, true, true, false, false, false, false])
  expect(results.map(({ removed }) => removed)).toEqual([[], [], [], [1], [2], [], [4], []])
  expect(stepsIn(runDir)).toEqual([0, 3, 5, 6, 7])
  expect(readdirSync(join(runDir, 'checkpoints')).filter((name) => name.startsWith('.'))).toEqual([])
  const directory = join(runDir, 'checkpoints')
  expect([readLink(directory, 'latest'), readLink(directory, 'best')]).toEqual(['step_7', 'step_3'])
  expect(openCheckpoints(runDir).best()?.step).toBe(3)
  expect(openCheckpoints(runDir, { best: { metric: 'loss', mode: 'max' } }).best()?.step).toBe(7)
})

test('nothing is deleted while none of those that stay is good', async () => {
  const runDir = temporaryDirectory()
  await saveAll(runDir, [1, 2, 30], KEEP_ALL)
  const damaged = join(runDir, 'checkpoints/step_30/model.safetensors')
  appendFileSync(damaged, 'x')
  // The rules want 30 alone, which is damaged, so 1, 2 and 3 are all that there is.
  const [result] = await saveAll(runDir, [3], { ...NOTHING, keepLast: 1 })
  expect(result).toMatchObject({
    removed: [],
    problems: [expect.stringMatching(/is good: the others are not deleted/)],
  })
  expect(stepsIn(runDir)).toEqual([1, 2, 3, 30])
  expect(openCheckpoints(runDir).latest()?.step).toBe(3)
  rmSync(damaged)
  const [next] = await saveAll(runDir, [31], { ...NOTHING, keepLast: 1 })
  expect(next!.removed).toEqual([1, 2, 3, 30])
})

test('a directory whose checkpoint.json is damaged counts for no rule, and is not deleted', async () => {
  const runDir = temporaryDirectory()
  await saveAll(runDir, [1, 2, 3], KEEP_ALL)
  writeFileSync(join(runDir, 'checkpoints/step_3/checkpoint.json'), '{}')
  rmSync(join(runDir, 'checkpoints/index.json'))
  const [result] = await saveAll(runDir, [4], { ...NOTHING, keepLast: 2 })
  expect(result).toMatchObject({ removed: [1], problems: [expect.stringMatching(/step_3.*is damaged/)] })
  expect(readdirSync(join(runDir, 'checkpoints'))).toContain('step_3')
  expect(stepsIn(runDir)).toEqual([2, 4])
})
