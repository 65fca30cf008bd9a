/** Reports as files: what they hold, and that nothing of a user's becomes markup. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { inPage } from '../../src/report/figures.js'
import { BEGIN, END, INVITATION } from '../../src/report/observations.js'
import { writeComparisonReport, writeRunReport } from '../../src/report/write.js'
import type { RunFile } from '../../src/store/run-file.js'
import { temporaryDirectory } from '../support/directory.js'
import { storeRun } from '../support/stored-runs.js'

const HOSTILE = `<img src=x onerror=alert(1)> </script>"'&amp; [a](javascript:x) | \`code\` <!-- ${END}`

function baseline(options: Partial<RunFile> = {}) {
  const root = temporaryDirectory()
  const rows = { 0: { loss: 4, acc: 0.1 }, 1: { loss: 1, acc: 0.3 }, 2: { loss: 2, acc: Number.NaN } }
  const config = { lr: 0.01, optimizer: { name: 'adam' } }
  return storeRun(root, { id: 'base', notes: 'A higher rate\nlearns faster.', config, ...options }, rows)
}

const markdownOf = (dir: string) => readFileSync(join(dir, 'report.md'), 'utf8')
const pageOf = (dir: string) => readFileSync(join(dir, 'report.html'), 'utf8')
const section = (text: string, title: string) =>
  text.split(/^## /m).find((part) => part.startsWith(title)) ?? ''

describe('the report of a run', () => {
  test('has the notes, config, curves, statistics and what makes the run again', async () => {
    const dir = baseline({
      git: { commit: 'f00dfeed', branch: 'main', dirty: true, remote: 'https://example.org/a.git' },
      configSha256: 'c0ffee',
      exitCode: 3,
    })
    const { files, kept, problems } = await writeRunReport(dir)
    expect({ kept, problems }).toEqual({ kept: [], problems: [] })
    expect(files.slice(0, 2)).toEqual([join(dir, 'report.md'), join(dir, 'report.html')])
    const markdown = markdownOf(dir)
    expect(section(markdown, 'Hypothesis')).toContain('A higher rate\\\nlearns faster.')
    expect(section(markdown, 'Run')).toContain('| Status | completed (exit code 3) |')
    expect(section(markdown, 'Config')).toContain('| `optimizer.name` | adam |')
    expect(section(markdown, 'Statistics')).toContain('| `loss` | 4 | 2 | 1 | 4 | 2.3333 | 1 | 1 | 3 |  |')
    expect(section(markdown, 'Statistics')).toContain(
      '| `acc` | 0.1 | NaN | 0.1 | 0.3 | 0.2 | 0.3 | 1 | 3 | 1 |',
    )
    const appendix = section(markdown, 'Reproducibility')
    for (const fact of ['`f00dfeed`', 'in no commit', '[https://example.org/a.git]', '`c0ffee`'])
      expect(appendix).toContain(fact)
    const pictures = [...section(markdown, 'Curves').matchAll(/!\[[^\]]+\]\(plots\/(.+)\)/g)].map(
      ([, name]) => name,
    )
    expect(pictures).toContain('loss_by_step.png')
    expect(readdirSync(join(dir, 'plots')).sort()).toEqual(pictures.toSorted())
  })

  test('is one HTML page with its pictures in it, that loads and runs nothing', async () => {
    const dir = baseline()
    await writeRunReport(dir)
    const page = pageOf(dir)
    expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(4)
    expect(page.match(/<svg/g)!.length).toBe(page.match(/<div class="(light|dark)">/g)!.length)
    expect(page).not.toMatch(/<script|<link|<iframe|<img|@import|\bsrc=|url\((?!#)/i)
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
  })

  test('pictures that have the same ids have their own in the page', () => {
    const svg = '<svg><g id="clip0"/><g clip-path="url(#clip0)"/><text> id="clip0" url(#clip0)</text></svg>'
    expect(inPage(svg, 'a b-')).toBe(
      '<svg><g id="a_b-clip0"/><g clip-path="url(#a_b-clip0)"/><text> id="clip0" url(#clip0)</text></svg>',
    )
  })

  test('shows what users wrote as text, wherever it stands', async () => {
    const dir = baseline({
      name: HOSTILE,
      notes: `${HOSTILE}\n# no heading\n- no list\n${BEGIN}`,
      tags: [HOSTILE],
      group: HOSTILE,
      url: 'javascript:alert(1)',
      config: { [HOSTILE]: HOSTILE },
      status: 'failed',
      error: { name: HOSTILE, message: HOSTILE },
      git: { commit: HOSTILE, branch: HOSTILE, dirty: false, remote: 'javascript:alert(1)' },
    })
    const { problems } = await writeRunReport(dir)
    expect(problems).toEqual([])
    const page = pageOf(dir)
    expect(page).not.toMatch(/<img|<\/script|href="javascript/i)
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;')
    const markdown = markdownOf(dir)
    // In code it is text; anywhere else "<" would begin an element, and "](" a link.
    const outsideOfCode = markdown
      .replace(/^<!-- offstep:.* -->$/gm, '')
      .replace(/(`+)[^\n]*?[^`]\1(?!`)/g, '')
    expect(outsideOfCode).not.toMatch(/<[a-z!/]/i)
    expect(outsideOfCode).not.toMatch(/(?<!\\)\]\(<?javascript/)
    expect(markdown).toContain('\\# no heading\\\n\\- no list')
    await writeRunReport(dir)
    expect(markdownOf(dir)).toBe(markdown)
  })

  test('of a run without rows says what is known', async () => {
    const dir = storeRun(temporaryDirectory(), { id: 'none', config: { lr: 1 } })
    expect(await writeRunReport(dir)).toMatchObject({ problems: [], kept: [] })
    expect(markdownOf(dir)).not.toMatch(/^## (Curves|Statistics)/m)
    expect(section(markdownOf(dir), 'Config')).toContain('| `lr` | 1 |')
  })

  test('is the same when nothing has changed', async () => {
    const dir = baseline()
    await writeRunReport(dir)
    const before = [markdownOf(dir), pageOf(dir)]
    await writeRunReport(dir)
    expect([markdownOf(dir), pageOf(dir)]).toEqual(before)
  })

  test('may stand elsewhere, and leaves the run as it was', async () => {
    const dir = baseline()
    const out = join(temporaryDirectory(), 'a/b')
    const before = readdirSync(dir)
    await writeRunReport(dir, { out })
    expect(readdirSync(out).sort()).toEqual(['plots', 'report.html', 'report.md'])
    // Reading keeps an index.
    expect(readdirSync(dir).filter((name) => name !== 'index')).toEqual(
      before.filter((name) => name !== 'index'),
    )
  })
})

describe('the report of several runs', () => {
  function three() {
    const root = temporaryDirectory()
    const config = { lr: 0.1, seed: 1 }
    const make = (id: string, lr: number, loss: number) =>
      storeRun(root, { id, name: `run ${id}`, config: { ...config, lr } }, { 0: { loss: 3 }, 1: { loss } })
    return { dirs: [make('a', 0.1, 2), make('b', 0.2, 1), make('c', 0.3, 2.5)] }
  }

  test('has first where the config differs, then which run is best', async () => {
    const { dirs } = three()
    const out = temporaryDirectory()
    const { problems } = await writeComparisonReport(dirs, { out })
    expect(problems).toEqual([])
    const markdown = markdownOf(out)
    expect(markdown).toContain('# run a vs run b vs run c\n\np · 3 runs · best loss: run b, 1\n')
    const [differs, same] = ['Config, where it differs', 'Config, the same'].map((title) =>
      section(markdown, title),
    )
    expect(differs).toContain('| `lr` | 0.1 | 0.2 | 0.3 |')
    expect(differs).not.toContain('seed')
    expect(same).toContain('| `seed` | 1 |')
    expect(markdown.indexOf(differs!)).toBeLessThan(markdown.indexOf(same!))
    expect(section(markdown, 'Metrics')).toContain('| loss, min | 2 | **1** | 2.5 |')
  })

  test('has a row for each run where they are too many for columns', async () => {
    const root = temporaryDirectory()
    const dirs = Array.from({ length: 8 }, (_, n) =>
      storeRun(root, { id: `r${n}`, config: { lr: n } }, { 0: { loss: n } }),
    )
    const out = temporaryDirectory()
    await writeComparisonReport(dirs, { out })
    expect(section(markdownOf(out), 'Config, where')).toMatch(/\| Run \| lr \|\n.*\n(\| .+ \| \d \|\n){8}/)
  })
})

describe('what people write into a report', () => {
  const OWN = '### Mine\n\nThe loss <falls>, see [this](https://example.org).\n\n    indented\n\n- and a list'
  const written = async () => {
    const dir = baseline()
    await writeRunReport(dir)
    return { dir, path: join(dir, 'report.md') }
  }
  const edit = (path: string, change: (text: string) => string) =>
    writeFileSync(path, change(readFileSync(path, 'utf8')))
  const keptFiles = (dir: string) => readdirSync(dir).filter((name) => name.includes('.old'))

  test('stays, to the letter, and stands in the page too', async () => {
    const { dir, path } = await written()
    expect(markdownOf(dir)).toContain(INVITATION)
    edit(path, (text) => text.replace(INVITATION, OWN))
    for (let times = 0; times < 3; times++) {
      const { kept } = await writeRunReport(dir)
      expect(kept).toEqual([])
      expect(markdownOf(dir)).toContain(`${BEGIN}\n\n${OWN}\n\n${END}\n`)
    }
    expect(pageOf(dir)).toContain('The loss &lt;falls&gt;, see [this](https://example.org).')
    expect(keptFiles(dir)).toEqual([])
  })

  test('stays when the run goes on and the rest changes', async () => {
    const { dir, path } = await written()
    edit(path, (text) => text.replace(INVITATION, OWN))
    const runFile = join(dir, 'run.json')
    edit(runFile, (text) => text.replace('"completed"', '"failed"'))
    expect(await writeRunReport(dir)).toMatchObject({ kept: [] })
    expect(markdownOf(dir)).toContain('| Status | failed |')
    expect(markdownOf(dir)).toContain(OWN)
  })

  test.for<[string, (text: string) => string]>([
    ['the end marker is gone', (text) => text.replace(END, '')],
    ['the begin marker is gone', (text) => text.replace(BEGIN, '')],
    ['both are gone', (text) => text.replace(BEGIN, '').replace(END, '')],
    [
      'the markers are twice there',
      (text) => text.replace(BEGIN, `${BEGIN}\n${BEGIN}`).replace(END, `${END}\n\n${END}`),
    ],
    [
      'the markers are the wrong way round',
      (text) => text.replace(BEGIN, 'X').replace(END, BEGIN).replace('X', END),
    ],
  ])('stays where %s: the old file is kept too', async ([, damage]) => {
    const { dir, path } = await written()
    edit(path, (text) => damage(text.replace(INVITATION, OWN)))
    const old = markdownOf(dir)
    const { kept } = await writeRunReport(dir)
    expect(kept).toEqual([join(dir, 'report.old.md')])
    expect(readFileSync(kept[0]!, 'utf8')).toBe(old)
    const markdown = markdownOf(dir)
    expect(markdown).toContain(`${BEGIN}\n\n${OWN}\n\n${END}\n`)
    expect(markdown.split(BEGIN).length).toBe(2)
    expect(await writeRunReport(dir)).toMatchObject({ kept: [] })
    expect(markdownOf(dir)).toBe(markdown)
  })

  test('elsewhere in the file is kept as report.old.md, and each time as another one', async () => {
    const { dir, path } = await written()
    edit(path, (text) => `${text}\nSomething at the end.\n`)
    expect((await writeRunReport(dir)).kept).toEqual([join(dir, 'report.old.md')])
    edit(path, (text) => text.replace('# base', '# My title'))
    expect((await writeRunReport(dir)).kept).toEqual([join(dir, 'report.old-2.md')])
    expect(readFileSync(join(dir, 'report.old.md'), 'utf8')).toContain('Something at the end.')
    expect(readFileSync(join(dir, 'report.old-2.md'), 'utf8')).toContain('# My title')
    edit(join(dir, 'report.html'), (text) => text.replace('</main>', '<p>mine</p></main>'))
    expect((await writeRunReport(dir)).kept).toEqual([join(dir, 'report.old.html')])
  })

  test('is not lost where a report.md is there that is none of ours', async () => {
    const dir = baseline()
    writeFileSync(join(dir, 'report.md'), '# All mine\n')
    const { kept } = await writeRunReport(dir)
    expect(kept).toEqual([join(dir, 'report.old.md')])
    expect(readFileSync(kept[0]!, 'utf8')).toBe('# All mine\n')
  })

  test('an editor that changes line ends and white space has changed nothing', async () => {
    const { dir, path } = await written()
    edit(path, (text) => `${text.replace(INVITATION, OWN).replaceAll('\n', ' \r\n')}\r\n`)
    expect((await writeRunReport(dir)).kept).toEqual([])
    expect(markdownOf(dir).replaceAll(' \r\n', '\r\n').replaceAll('\r\n', '\n')).toContain(OWN)
    expect(markdownOf(dir)).not.toMatch(/[^\r]\n/)
  })
})
