/** `offstep checkpoints`, and what `show`, `list`, `report` and `query` tell of a run that was resumed. */
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { queryRuns } from '../../src/query/query-runs.js'
import { writeRunReport } from '../../src/report/write.js'
import { StoredRun } from '../../src/store/runs/stored-run.js'
import { offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { diedAtOnce, diedLater, firstProcesses } from '../support/rewound-run.js'
import { storeRun } from '../support/stored-runs.js'

const cellsOf = (line: string): string[] => line.trim().split(/ {2,}/)
const lines = (text: string): string[][] => text.trimEnd().split('\n').map(cellsOf)

const copyOfFirst = firstProcesses()

function saved() {
  const { dir, runDir } = copyOfFirst()
  return { dir, runDir, checkpoint: (step: number) => join(runDir, 'checkpoints', `step_${step}`) }
}

/** One bit of the weights. */
function flip(checkpoint: string): void {
  const file = join(checkpoint, readdirSync(checkpoint).find((name) => name.endsWith('.safetensors'))!)
  const bytes = readFileSync(file)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(file, bytes)
}

describe('offstep checkpoints', () => {
  test('lists step, marks, age, size and metrics, and says by what the best one is told', async () => {
    const { dir } = saved()
    const { code, stdout, stderr } = await offstep(['checkpoints', 'r'], { dir })
    expect([code, stderr]).toEqual([0, 'best: the lowest loss\n'])
    const [head, ...rows] = lines(stdout)
    expect(head).toEqual(['step', 'age', 'size', 'loss'])
    expect(rows.map((cells) => [cells[0], cells.at(-1)])).toEqual([
      ['4', '0.25'],
      ['6', '0.16667'],
      ['8', '0.125'],
    ])
    expect(rows[2]![1]).toBe('best, latest')
  })

  test('a damaged one is told, and another is the best and the latest; exit code 1', async () => {
    const { dir, checkpoint } = saved()
    const verify = async () => {
      const { code, stdout, stderr } = await offstep(['checkpoints', 'r', '--verify'], { dir })
      return { code, stderr, marks: lines(stdout).map((cells) => [cells[0], cells[1]]) }
    }
    expect(await verify()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('every byte is as it was saved'),
    })
    flip(checkpoint(8))
    // Only a look at every byte finds it.
    expect((await offstep(['checkpoints', 'r'], { dir })).code).toBe(0)
    const found = await verify()
    expect(found).toMatchObject({ code: 1, stderr: expect.stringContaining('is damaged (its SHA-256') })
    expect(found.marks.slice(2)).toEqual([
      ['6', 'best, latest'],
      ['8', 'damaged'],
    ])
    truncateSync(join(checkpoint(6), 'checkpoint.json'), 10)
    truncateSync(
      join(checkpoint(4), readdirSync(checkpoint(4)).find((name) => name.endsWith('.safetensors'))!),
      3,
    )
    const quick = await offstep(['checkpoints', 'r'], { dir })
    expect(quick.code).toBe(1)
    expect(quick.stderr).toMatch(/has 3 of \d+ bytes/)
    expect(quick.stderr).toContain('checkpoint.json is damaged')
  })

  test('as JSON has all of it', async () => {
    const { dir, runDir, checkpoint } = saved()
    await diedLater(runDir)
    flip(checkpoint(6))
    const { code, stdout, stderr } = await offstep(['checkpoints', 'r', '--json', '--verify'], { dir })
    const { checkpoints, ...rest } = JSON.parse(stdout)
    expect([code, stderr]).toEqual([1, ''])
    expect(rest).toMatchObject({ bestBy: { metric: 'loss', mode: 'min' }, superseded: 1, unreadable: [] })
    expect(checkpoints).toMatchObject([
      { step: 4, best: true, latest: true, metrics: { loss: 0.25 }, path: checkpoint(4), problems: [] },
      { step: 6, best: false, latest: false, problems: [expect.stringContaining('is damaged')] },
    ])
    expect(Date.parse(checkpoints[0].time)).toBeGreaterThan(0)
  })

  test('of a run without any says so; of none is wrong usage', async () => {
    const dir = temporaryDirectory()
    storeRun(dir, { id: 'r' })
    expect(await offstep(['checkpoints', 'r'], { dir })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('The run has no checkpoints'),
    })
    expect((await offstep(['checkpoints', 'x'], { dir })).code).toBe(2)
  })
})

describe('of a run that was resumed', () => {
  test('show tells its checkpoints, its resumes, and which sinks have superseded rows', async () => {
    const { dir, runDir } = saved()
    diedAtOnce(runDir)
    const before = await offstep(['show', 'r'], { dir })
    expect(before.stdout).toMatch(/summary .* it still has superseded rows/)
    rmSync(join(runDir, 'journal', 'rewinds.json'))
    await diedLater(runDir)
    const { stdout } = await offstep(['show', 'r'], { dir })
    const line = (start: string) => lines(stdout).find(([name]) => name === start)
    expect(line('count')![1]).toMatch(/^2, .* bytes, 1 set aside$/)
    expect(line('latest')![1]).toMatch(/^step 6, /)
    expect(line('best')![1]).toBe('step 6, loss 0.16667')
    expect(stdout).toContain('from step 6; the process before: failed')
    const json = JSON.parse((await offstep(['show', 'r', '--json'], { dir })).stdout)
    expect(json).toMatchObject({
      checkpoints: { count: 2, latest: { step: 6 }, best: { step: 6 }, superseded: 1, damaged: [] },
      resumes: [{ rewoundTo: 6, previous: { status: 'failed' } }],
      artifacts: [],
    })
    expect(json.sinks.find(({ name }: { name: string }) => name === 'summary').superseded).toBe(true)
  })

  test('list marks it, and it can be filtered by', async () => {
    const { dir, runDir } = saved()
    storeRun(dir, { id: 'once' })
    expect(lines((await offstep(['list'], { dir })).stdout)[0]).not.toContain('resumed')
    await diedLater(runDir)
    const [head, ...rows] = lines((await offstep(['list'], { dir })).stdout)
    expect(head).toContain('resumed')
    expect(rows.map((cells) => [cells[0], cells.includes('1 x')])).toEqual([
      ['r', true],
      ['once', false],
    ])
    const filtered = await offstep(['list', '--filter', 'resumes > 0', '--json'], { dir })
    expect(JSON.parse(filtered.stdout)).toMatchObject([{ id: 'r', resumes: 1 }])
  })

  test('the store gives its checkpoints and resumes, SQL has tables, a report has sections', async () => {
    const { runDir } = saved()
    await diedLater(runDir)
    const run = new StoredRun(runDir)
    expect(run.checkpoints.list().map(({ step }) => step)).toEqual([4, 6])
    expect(run.resumes).toMatchObject([{ rewoundTo: 6 }])
    const sql = `select run, step, (metrics->>'loss')::double, best, latest, damaged, resumes
      from checkpoints join runs on run = id order by step`
    expect((await queryRuns([run], sql)).rows).toEqual([
      ['r', '4', 0.25, false, false, false, 1],
      ['r', '6', 1 / 6, true, true, false, 1],
    ])
    await writeRunReport(runDir)
    const report = readFileSync(join(runDir, 'report.md'), 'utf8')
    expect(report).toMatch(
      /## Checkpoints[^#]*\| 6 \| best, latest \| .* UTC \| .* bytes \| \*\*0.16667\*\* \|/,
    )
    expect(report).toContain('2 checkpoints')
    expect(report).toMatch(/## Resumes[^#]*UTC \| from step 6 \| failed \|/)
  })
})
