import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { spread } from '../../bench/report/document/charts/labels.js'
import { writeDocument } from '../../bench/report/document/write.js'
import { temporaryDirectory } from '../support/directory.js'
import { chartsOf, figureOf, madeUpReport } from './support/bench-report.js'

const met = figureOf('a call', 1, 'us', { target: { atMost: 2 } })
const missed = figureOf('a row | of <ten>', 3, 'us', { target: { atMost: 2 }, note: 'a slow disk' })

test('the page has every chart in both themes, and no chart of an older page', async () => {
  const directory = temporaryDirectory()
  const stale = join(directory, 'benchmarks', 'stale.svg')
  mkdirSync(join(directory, 'benchmarks'))
  writeFileSync(stale, '<svg/>')
  const report = madeUpReport({ figures: [met], charts: chartsOf() })
  expect(await writeDocument([{ name: 'one', report }], directory)).toBe(3)
  const page = readFileSync(join(directory, 'benchmarks.md'), 'utf8')
  const files = [...page.matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, file]) => file!)
  expect(files).toHaveLength(6)
  for (const file of files) expect(readFileSync(join(directory, file), 'utf8')).toMatch(/^<svg/)
  expect(existsSync(stale)).toBe(false)
  expect(readFileSync(join(directory, files[3]!), 'utf8')).toContain('run.log: exponent\u00a02.00')
})

test('misses and better peers stand at the top', async () => {
  const directory = temporaryDirectory()
  const report = madeUpReport({ figures: [met, missed], charts: chartsOf(20) })
  await writeDocument([{ name: 'one', report }], directory)
  const page = readFileSync(join(directory, 'benchmarks.md'), 'utf8')
  const [, misses, losses] = page.split(/^## /m)
  expect(misses).toContain('`call` a row \\| of &lt;ten&gt;: 3 us, target &lt;= 2; a slow disk')
  expect(misses).not.toContain('a call')
  expect(losses).toContain('Latency of a row: p99.9: offstep 80 us; better are a peer 40 us')
  expect(losses).toContain('Sustained: offstep 50 rows/s; better are a peer 100 rows/s')
})

test('of two machines each has its table, under one heading', async () => {
  const directory = temporaryDirectory()
  const one = madeUpReport({ figures: [met], charts: chartsOf() })
  const two = {
    ...madeUpReport({ figures: [missed], charts: chartsOf() }),
    settings: { seconds: 1, quick: true },
  }
  const failed = madeUpReport({ name: 'broken', failed: 'no such disk' })
  const named = { one, two, failed }
  const charts = await writeDocument(
    Object.entries(named).map(([name, report]) => ({ name, report })),
    directory,
  )
  const page = readFileSync(join(directory, 'benchmarks.md'), 'utf8')
  expect(charts).toBe(6)
  expect(page.match(/^### call$/gm)).toHaveLength(1)
  expect(page).toContain('(two)')
  expect(page).toContain('A run of --quick')
  expect(page).toContain('`broken` failed: no such disk (failed)')
})

test('of two reports of one machine the newer tells a benchmark', async () => {
  const directory = temporaryDirectory()
  const reportAt = (time: string, measured: number, name = 'call') => ({
    ...madeUpReport({ name, figures: [figureOf('a call', measured, 'us')] }),
    time,
  })
  const old = reportAt('2026-01-02T00:00:00.000Z', 111)
  const named = {
    newer: reportAt('2026-01-03T00:00:00.000Z', 222),
    old: { ...old, benchmarks: [...old.benchmarks, ...reportAt('', 333, 'kill').benchmarks] },
    other: { ...old, machine: { ...old.machine, cores: 4 } },
    newest: { ...madeUpReport({ failed: 'no such disk' }), time: '2026-01-04T00:00:00.000Z' },
  }
  const reports = Object.entries(named).map(([name, report]) => ({ name, report }))
  await writeDocument(reports, directory)
  const page = readFileSync(join(directory, 'benchmarks.md'), 'utf8')
  expect([...page.matchAll(/^\| a call \| (\d+) us/gm)].map(([, us]) => us)).toEqual(['222', '111', '333'])
  expect(page).toContain('`call` failed: no such disk (newest)')
})

test('labels are moved apart no farther than needed, and stay in the chart', () => {
  const spreadOf = (...places: number[]) =>
    spread(
      places.map((at) => ({ at, size: 10 })),
      300,
    )
  expect(spreadOf(50, 50, 200)).toEqual([45, 55, 200])
  expect(spreadOf(300, 299, 298)).toEqual([300, 290, 280])
  expect(spreadOf(0, 0)).toEqual([0, 10])
  const sizes = [
    { at: 100, size: 30 },
    { at: 100, size: 10 },
  ]
  expect(spread(sizes, 300)).toEqual([90, 110])
})
