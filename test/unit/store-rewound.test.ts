/** A run that went back to an earlier step, before its sinks have heard of it: whoever reads it leaves out what is superseded. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Watcher } from '../../src/cli/watch/snapshot.js'
import { exportRuns } from '../../src/export/export-runs.js'
import { RunData } from '../../src/plots/data/run-data.js'
import { queryRuns } from '../../src/query/query-runs.js'
import { cellsOfRuns } from '../../src/report/log/rows.js'
import { runReport } from '../../src/report/run-report.js'
import { compareRuns } from '../../src/store/runs/compare.js'
import { bestRun, latestStep, loadMetrics } from '../../src/store/runs/helpers.js'
import { RowTail } from '../../src/store/runs/row-tail.js'
import { openStore } from '../../src/store/runs/run-store.js'
import { StoredRun } from '../../src/store/runs/stored-run.js'
import { verifyRun } from '../../src/verify/verify-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { diedAtOnce, diedLater, firstProcesses } from '../support/rewound-run.js'

const KEPT = [1, 2, 3, 4, 5, 6].map((step) => [step, 1 / step] as const)
const STATES = {
  // Records of checkpoints and resumes count as rows.
  'died at once': { rewind: diedAtOnce, losses: KEPT, count: 6 + 2 },
  'died later': { rewind: diedLater, losses: [...KEPT, [7, 0.5], [8, 0.25]] as const, count: 8 + 2 + 1 },
} as const

const copyOfFirst = firstProcesses()

const pairs = (points: readonly { readonly step: number; readonly value: number }[]) =>
  points.map(({ step, value }) => [step, value])

const lossesOf = (rows: ReturnType<typeof loadMetrics>) => rows.map(({ step, values }) => [step, values.loss])

describe.each(Object.entries(STATES))(
  'of a run that went back, and %s,',
  (_, { rewind, losses, count: allRows }) => {
    const last = losses.at(-1)!
    const superseded = async (): Promise<StoredRun> => {
      const { runDir } = copyOfFirst()
      // Whoever has looked at the run before has left an index.
      const before = new StoredRun(runDir)
      expect(before.series('loss')!.points).toHaveLength(10)
      before.close()
      await rewind(runDir)
      const run = new StoredRun(runDir)
      onTestFinished(() => run.close())
      return run
    }

    test('summaries, lists and filters leave out what is superseded', async () => {
      const run = await superseded()
      for (const current of [false, true]) {
        const { rows, steps, metrics, values } = new StoredRun(run.dir).summary({ current })
        expect([rows, steps!.max, Object.keys(metrics), values]).toEqual([allRows, last[0], ['loss'], {}])
        const { min, count } = metrics.loss!
        expect([min!.value, min!.step, metrics.loss!.last.value, count]).toEqual([
          1 / 6,
          6,
          last[1],
          losses.length,
        ])
      }
      const store = openStore(join(run.dir, '../..'))
      expect(store.runs({ filter: `summary.loss.min < 0 or rows = 14 or step = 10` })).toEqual([])
      expect(store.runs({ filter: `rows = ${allRows} and step = ${last[0]}` })).toHaveLength(1)
    })

    test('series, rows, tails and helpers leave it out', async () => {
      const run = await superseded()
      expect(pairs(run.series('loss')!.points)).toEqual(losses)
      expect(run.series('gone')).toBeNull()
      expect(run.metrics().flatMap(({ metrics }) => metrics)).toEqual(['loss'])
      expect(lossesOf(loadMetrics(run))).toEqual(losses)
      expect(latestStep(run)).toBe(last[0])
      expect(bestRun([run], 'loss')!.best).toMatchObject({ value: 1 / 6, step: 6 })
      expect(compareRuns([run, run]).metrics.map(({ name, best }) => [name, best[0]!.value])).toEqual([
        ['loss', 1 / 6],
      ])
      const tail = new RowTail(run.dir)
      expect(lossesOf(tail.last(2))).toEqual(losses.slice(-2))
      tail.close()
    })

    test('watch, plots, reports and the log of experiments leave it out', async () => {
      const run = await superseded()
      const watcher = new Watcher(new StoredRun(run.dir))
      const seen = watcher.look()
      expect([seen.rows, seen.step, seen.metrics.map(({ name }) => name)]).toEqual([
        allRows,
        last[0],
        ['loss'],
      ])
      expect(seen.points('loss', 100).map(({ x, value }) => [x, value])).toEqual(losses)
      watcher.close()
      const data = new RunData(run.dir)
      expect([data.names, pairs(data.series('loss')!.points)]).toEqual([['loss'], losses])
      data.close()
      const { sections } = runReport(run, { figures: [], files: [], problems: [] })
      const [table] = sections.find(({ title }) => title === 'Statistics')!.blocks
      const rows = table?.kind === 'table' ? table.rows : []
      // Min, max, best step, points.
      expect(rows.map((row) => [row[3], row[4], row[7], row[8]])).toEqual([
        ['0.16667', '1', '6', String(losses.length)],
      ])
      expect(cellsOfRuns([run])[0]!.at(-1)).toBe('loss 0.16667 (step 6)')
    })

    test('verify says that the sinks are to be made anew, and finds nothing damaged', async () => {
      const { sound, sinks, journal } = await verifyRun((await superseded()).dir)
      expect([sound, journal.result]).toEqual([true, 'ok'])
      const found = sinks.map(({ sink, result, problem }) => [sink, result, problem?.includes('made anew')])
      expect(found).toEqual(['jsonl', 'csv', 'tensorboard', 'summary'].map((sink) => [sink, 'pending', true]))
    })

    test('exports and queries leave it out', async () => {
      const run = await superseded()
      const out = join(temporaryDirectory(), 'out.csv')
      for (const shape of ['long', 'wide'] as const) {
        await exportRuns([run], { format: 'csv', shape, out })
        const lines = readFileSync(out, 'utf8').trim().split('\n')
        expect(lines[0]!.includes('gone')).toBe(false)
        expect(lines.slice(1).map((line) => Number(line.split(',').at(-1)))).toEqual(losses.map(([, v]) => v))
      }
      const sql =
        'select s.name, s.min, s.count::int, max(m.step) from summary s join metrics m using (name) group by all'
      expect((await queryRuns([run], sql)).rows).toEqual([['loss', 1 / 6, losses.length, last[0]]])
    })
  },
)

test('a run that is open while it goes back has the right values after refresh()', async () => {
  const { runDir } = copyOfFirst()
  const run = new StoredRun(runDir)
  expect([run.series('loss')!.points.length, run.summary().rows]).toEqual([10, 14])
  await diedLater(runDir)
  run.refresh()
  expect([run.series('loss')!.points.length, run.summary().rows]).toEqual([8, 11])
  run.close()
})

test('a damaged rewinds.json: the run is still in lists, and what reads its journal says what to do', () => {
  const { runDir } = copyOfFirst()
  writeFileSync(join(runDir, 'journal', 'rewinds.json'), '{"crc32":1,"rewinds":[]}')
  const run = new StoredRun(runDir)
  expect(run.summary().rows).toBe(14)
  expect(() => loadMetrics(run)).toThrow(/rewinds\.json is damaged: restore it, or remove it/)
})
