/** EXPERIMENTS.md: what is ours is made anew, and what people wrote stays. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeExperimentLog } from '../../src/report/log/log.js'
import { BEGIN, END } from '../../src/report/log/table.js'
import type { RunFile } from '../../src/store/run-file.js'
import { temporaryDirectory } from '../support/directory.js'
import { START, storeRun } from '../support/stored-runs.js'

const HOUR = 3_600_000

function project() {
  const root = temporaryDirectory()
  const add = (id: string, hour: number, lr: number, options: Partial<RunFile> = {}) =>
    storeRun(
      root,
      { id, startTime: new Date(START + hour * HOUR).toISOString(), config: { lr, seed: 1 }, ...options },
      { 0: { loss: 3 }, 5: { loss: lr } },
    )
  add('b', 1, 0.2, { status: 'failed' })
  add('a', 0, 0.1, { notes: 'the baseline' })
  const file = join(root, 'p/EXPERIMENTS.md')
  return {
    root,
    add,
    file,
    write: () => writeExperimentLog('p', { dir: root }),
    read: () => readFileSync(file, 'utf8'),
    edit: (change: (text: string) => string) => writeFileSync(file, change(readFileSync(file, 'utf8'))),
    rows: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('| 2026')),
  }
}

const ROW_A = '| 2026-11-20 10:00 | [a](a/) | completed | `lr=0.1` | loss 0.1 (step 5) | the baseline |'
const ROW_B = '| 2026-11-20 11:00 | [b](b/) | failed | `lr=0.2` | loss 0.2 (step 5) | |'

describe('the experiment log', () => {
  test('has a row for each run, oldest first, with what differs and what came of it', () => {
    const log = project()
    expect(log.write()).toEqual({ file: log.file, runs: 2, kept: [], unreadable: [] })
    expect(log.read()).toMatch(/^# Experiments: p\n/)
    expect(log.rows()).toEqual([ROW_A, ROW_B])
  })

  test('is the same when nothing has changed', () => {
    const log = project()
    log.write()
    const before = log.read()
    log.write()
    expect(log.read()).toBe(before)
  })

  test('of a project that is not there says which there are', () => {
    const { root } = project()
    expect(() => writeExperimentLog('q', { dir: root })).toThrow('there is no project "q"')
    expect(() => writeExperimentLog('q', { dir: root })).toThrow('there are p')
  })

  test('a run that cannot be read is told, and its row stays', () => {
    const log = project()
    log.write()
    writeFileSync(join(log.root, 'p/b/run.json'), '{')
    expect(log.write().unreadable.map(({ id }) => id)).toEqual(['b'])
    expect(log.rows()).toEqual(
      [ROW_A.replace('`lr=0.1`', ''), ROW_B].map((row) => row.replace('|  |', '| |')),
    )
  })

  test('many parameters: those that are unusual in a run', () => {
    const log = project()
    const many = (first: number) =>
      Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`p${n}`, n === 0 ? first : n]))
    for (const n of [1, 2, 3]) log.add(`m${n}`, 2 + n, 1, { config: many(n === 3 ? 7 : 0) })
    log.write()
    expect(log.rows().at(-1)).toContain('`p0=7`')
    expect(log.rows().at(-1)).not.toContain('p19')
  })

  test('hostile names are text, and do not make a row another run’s', () => {
    const log = project()
    const name = '](b/) <img> | [x'
    log.add('c', 2, 0.3, { name, config: { '|`<b>': '|`<i>' } })
    log.write()
    log.edit((text) => text.replace(/\|\s*\|$/gm, '| mine |'))
    const before = log.rows()
    expect(before[2]).toContain('[\\](b/) &lt;img&gt; \\| \\[x](c/)')
    log.write()
    expect(log.rows()).toEqual(before)
  })
})

describe('what people write into it', () => {
  test('notes stay with their run, also when runs come, and with any characters', () => {
    const log = project()
    log.write()
    log.edit((text) =>
      text.replace(ROW_B, ROW_B.replace('| |', '| *too* high \\| see [this](https://a.b/c) <br> `x` |')),
    )
    const [, row] = log.rows()
    log.add('between', 0.5, 0.15)
    log.write()
    expect(log.rows().length).toBe(3)
    expect(log.rows()[2]).toBe(row)
  })

  test('a note that was taken out stays out', () => {
    const log = project()
    log.write()
    log.edit((text) => text.replace('the baseline', ''))
    log.write()
    expect(log.rows()[0]).toBe(ROW_A.replace(' the baseline', ''))
  })

  test('our columns are made anew', () => {
    const log = project()
    log.write()
    log.edit((text) => text.replace('failed', 'fine'))
    log.write()
    expect(log.rows()).toEqual([ROW_A, ROW_B])
  })

  test('text before and behind the table stays, to the letter', () => {
    const log = project()
    log.write()
    const [before, after] = [
      '# Mine\n\n\nan | odd  line\t\n',
      '\n\n| my | table |\n| -- | -- |\n| 1 | 2 |\n\n\n## End\n',
    ]
    log.edit((text) => `${before}${text}${after}`)
    log.write()
    expect(log.read().startsWith(before)).toBe(true)
    expect(log.read().endsWith(after)).toBe(true)
    const once = log.read()
    log.write()
    expect(log.read()).toBe(once)
  })

  test('columns and rows of their own stay, wherever they were put in', () => {
    const log = project()
    log.write()
    log.edit((text) =>
      text
        .replace('| Date | Run |', '| Date | Rating | Run |')
        .replace('| --- | --- |', '| --- | --- | --- |')
        .replace('10:00 |', '10:00 | 5 of 7 |')
        .replace('11:00 |', '11:00 | 1 of 7 |')
        .replace(ROW_B.slice(-10), `${ROW_B.slice(-10)}\n| soon | | a run on paper | | | | idea |`),
    )
    log.write()
    const lines = log.read().split('\n')
    expect(lines).toContain('| Date | Run | Status | Differs in | Best | Rating | Notes |')
    expect(log.rows()).toEqual([
      ROW_A.replace('| the', '| 5 of 7 | the'),
      ROW_B.replace(/\|$/, '1 of 7 | |').replace('| 1 of', '| 1 of'),
    ])
    expect(lines).toContain('| soon | | a run on paper | | | | idea |')
  })

  test('a bar in a note, not written as \\|, is still in the note', () => {
    const log = project()
    log.write()
    log.edit((text) => text.replace('the baseline', 'this | that'))
    log.write()
    expect(log.rows()[0]).toBe(ROW_A.replace('the baseline', 'this \\| that'))
    log.write()
    expect(log.rows()[0]).toBe(ROW_A.replace('the baseline', 'this \\| that'))
  })

  test('the row of a run that was removed stays: it is the log of what was tried', () => {
    const log = project()
    log.write()
    rmSync(join(log.root, 'p/a'), { recursive: true })
    log.write()
    expect(log.rows()).toEqual([ROW_B.replace('`lr=0.2`', '').replace('|  |', '| |'), ROW_A])
  })

  test.for<[string, (text: string) => string]>([
    ['the end marker is gone', (text) => text.replace(END, '')],
    ['the begin marker is gone', (text) => text.replace(BEGIN, '')],
    ['both are gone', (text) => text.replace(BEGIN, '').replace(END, '')],
    [
      'the markers are the wrong way round',
      (text) => text.replace(BEGIN, 'X').replace(END, BEGIN).replace('X', END),
    ],
    ['a merge has made two tables of it', (text) => `${text}\n${text}`],
  ])('stays where %s: the old file is kept too', ([, damage]) => {
    const log = project()
    log.write()
    log.edit((text) => damage(`Before.\n\n${text.replace('the baseline', 'my note')}\nBehind.\n`))
    const old = log.read()
    const { kept } = log.write()
    expect(kept).toEqual([join(log.root, 'p/EXPERIMENTS.old.md')])
    expect(readFileSync(kept[0]!, 'utf8')).toBe(old)
    expect(log.rows()[0]).toBe(ROW_A.replace('the baseline', 'my note'))
    expect(log.read()).toMatch(/^Before\.\n/)
    expect(log.read()).toMatch(/\nBehind\.\n$/)
    expect(log.read().split(BEGIN).length).toBe(2)
    const once = log.read()
    expect(log.write().kept).toEqual([])
    expect(log.read()).toBe(once)
    expect(readdirSync(join(log.root, 'p')).filter((name) => name.includes('.old'))).toHaveLength(1)
  })

  test('text between the markers that is no row is moved behind the table', () => {
    const log = project()
    log.write()
    log.edit((text) => text.replace(END, `A thought.\n\nAnother one.\n${END}`))
    log.write()
    expect(log.read()).toContain(`${END}\n\nA thought.\n\nAnother one.\n`)
    expect(log.rows()).toEqual([ROW_A, ROW_B])
    const once = log.read()
    log.write()
    expect(log.read()).toBe(once)
  })

  test('line ends stay as the editor writes them', () => {
    const log = project()
    log.write()
    log.edit((text) => text.replaceAll('\n', '\r\n'))
    const before = log.read()
    expect(log.write().kept).toEqual([])
    expect(log.read()).toBe(before)
  })
})
