/** `offstep report`, as a child process. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeRun, offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { storeRun } from '../support/stored-runs.js'

function twoRuns(): string {
  const dir = temporaryDirectory()
  storeRun(dir, { id: 'a', config: { lr: 1 } }, { 0: { loss: 3 }, 1: { loss: 2 } })
  storeRun(dir, { id: 'b', config: { lr: 2 } }, { 0: { loss: 3 }, 1: { loss: 1 } })
  return dir
}

describe('offstep report', () => {
  test('of a run writes into its directory, and says what', async () => {
    const dir = twoRuns()
    const { code, stdout, stderr } = await offstep(['report', 'a'], { dir })
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `${join(dir, 'p/a/report.md')}\n${join(dir, 'p/a/report.html')}\n`,
    })
    expect(stderr).toMatch(/^and \d plots\n$/)
    for (const file of stdout.trim().split('\n')) expect(existsSync(file)).toBe(true)
  })

  test('of several runs writes a comparison where --out says', async () => {
    const dir = twoRuns()
    const out = join(dir, 'out/here')
    const { code, stdout } = await offstep(['report', 'a', 'b', '--out', out, '--json'], { dir })
    expect(code).toBe(0)
    const { files, kept, problems } = JSON.parse(stdout)
    expect({ kept, problems }).toEqual({ kept: [], problems: [] })
    expect(files.slice(0, 2)).toEqual([join(out, 'report.md'), join(out, 'report.html')])
    for (const file of files) expect(existsSync(file)).toBe(true)
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('# a vs b\n')
    expect(readdirSync(join(dir, 'p/a'))).not.toContain('report.md')
  })

  test('of a project writes its log, which links to the reports that there are', async () => {
    const dir = twoRuns()
    await offstep(['report', 'b'], { dir })
    const { code, stdout } = await offstep(['report', '--project', 'p'], { dir })
    const file = join(dir, 'p/EXPERIMENTS.md')
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}\n` })
    const log = readFileSync(file, 'utf8')
    expect(log).toContain('[a](a/)')
    expect(log).toContain('[b](b/report.md)')
    await offstep(['report', '--project', 'p'], { dir })
    expect(readFileSync(file, 'utf8')).toBe(log)
  })

  test.for(['live', 'kill', 'failed'] as const)(
    'of a run of the pipeline (%s) says how it stands',
    async (end) => {
      const dir = temporaryDirectory()
      const run = await makeRun(dir, { id: 'r', rows: 300, end })
      const { code } = await offstep(['report', 'r'], { dir })
      expect(code).toBe(0)
      const report = readFileSync(join(run.dir, 'report.md'), 'utf8')
      const status = { live: 'running', kill: 'crashed', failed: 'failed' }[end]
      expect(report).toContain(`· ${status} ·`)
      expect(report).toContain('0 to 299, 300 rows')
      expect(await offstep(['list'], { dir })).toMatchObject({ code: 0, stderr: '' })
      // What a report leaves in the directory of a run is no damage.
      if (end === 'failed') expect(await offstep(['verify', 'r'], { dir })).toMatchObject({ code: 0 })
    },
  )

  test('what it is not told, or cannot find, it says in one line', async () => {
    const dir = twoRuns()
    const alone = await offstep(['report'], { dir })
    expect(alone.stderr).toBe(
      'error: name a run, several to compare them, or a project: offstep report --project <name>\n',
    )
    const both = await offstep(['report', 'a', '--project', 'p'], { dir })
    const unknown = await offstep(['report', 'c'], { dir })
    const noProject = await offstep(['report', '--project', 'q'], { dir })
    expect(noProject.stderr).toContain('there is no project "q"')
    for (const { code, stdout, stderr } of [alone, both, unknown, noProject]) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr.split('\n')).toHaveLength(2)
    }
  })
})
