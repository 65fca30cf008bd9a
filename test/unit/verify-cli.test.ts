/** `offstep verify`, as a child process. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeRun, offstep, TestSink } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'

const ROWS = 300

/** A finished run below a directory of its own. */
async function finished(): Promise<{ dir: string; run: string }> {
  const dir = temporaryDirectory()
  const { dir: run } = await makeRun(dir, { id: 'baseline_20260102', rows: ROWS, end: 'completed' })
  return { dir, run }
}

function editLine(file: string, index: number, edit: (line: string) => string): void {
  const lines = readFileSync(file, 'utf8').split('\n')
  lines[index] = edit(lines[index]!)
  writeFileSync(file, lines.join('\n'))
}

const edited = (run: string): void =>
  editLine(join(run, 'metrics.csv'), 11, (line) => `${line.slice(0, line.lastIndexOf(','))},77`)

test('a sound run: a line for each check, one sentence, exit code 0', async () => {
  const { dir } = await finished()
  const { code, stdout, stderr } = await offstep(['verify', 'baseline'], { dir })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout.trimEnd().split('\n')
  expect(lines[0]).toBe('default/baseline_20260102')
  expect(lines.slice(1, 7).map((line) => line.split(/\s+/).slice(0, 2))).toEqual(
    ['run.json', 'journal', 'jsonl', 'csv', 'tensorboard', 'summary'].map((name) => ['ok', name]),
  )
  expect(lines.at(-1)).toBe(`Sound: ${ROWS} records, and nothing is pending.`)
})

test('a damaged run: what, where, what it costs and the next command, exit code 1; the repair mends it', async () => {
  const { dir, run } = await finished()
  edited(run)
  const found = await offstep(['verify', run], { dir })
  expect(found).toMatchObject({ code: 1, stderr: '' })
  expect(found.stdout).toMatch(/^damaged +csv +metrics\.csv: 1 record damaged$/m)
  expect(found.stdout).toMatch(/first: metrics\.csv, line 12, value: 77 in place of /)
  expect(found.stdout).toContain(`Damaged: csv. Next: offstep verify ${run} --repair`)
  const repaired = await offstep(['verify', run, '--repair'], { dir })
  expect(repaired).toMatchObject({ code: 0, stderr: '' })
  expect(repaired.stdout).toContain(`rebuilt  csv: ${ROWS} records written again from the journal`)
  expect(repaired.stdout).toContain('Sound:')
})

test('what the journal has lost is told as lost, and who still holds it: exit code 1, also after the repair', async () => {
  const { dir, run } = await finished()
  const segment = join(run, 'journal', '000001.log')
  const bytes = readFileSync(segment)
  bytes[bytes.length - 2000]! ^= 1
  writeFileSync(segment, bytes)
  for (const args of [[], ['--repair']]) {
    const { code, stdout } = await offstep(['verify', run, ...args], { dir })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^damaged +journal +\d+ records? left, \d+ lost/m)
    expect(stdout).toMatch(
      /The journal has lost \d+ records? for good: look for them in jsonl, csv, tensorboard/,
    )
    expect(stdout).not.toContain('--repair\n')
  }
})

test('--json prints the report and nothing else, also of a repair', async () => {
  const { dir, run } = await finished()
  edited(run)
  const report = await offstep(['verify', run, '--json'], { dir })
  expect(JSON.parse(report.stdout)).toMatchObject({
    sound: false,
    repairable: ['csv'],
    journal: { records: ROWS },
  })
  const repair = await offstep(['--json', 'verify', run, '--repair'], { dir })
  expect(JSON.parse(repair.stdout)).toMatchObject({
    before: { sound: false },
    after: { sound: true },
    actions: [{ sink: 'csv', result: 'rebuilt' }],
  })
  expect([report.code, repair.code, report.stderr, repair.stderr]).toEqual([1, 0, '', ''])
})

test('a run that does not exist, a sink that it does not have, no run at all: exit code 2 and a line that helps', async () => {
  const { dir, run } = await finished()
  const nowhere = await offstep(['verify', 'basline_20260102'], { dir })
  expect(nowhere).toMatchObject({ code: 2, stdout: '' })
  expect(nowhere.stderr).toContain('did you mean "baseline_20260102"?')
  const sink = await offstep(['verify', run, '--sink', 'wandb'], { dir })
  expect(sink).toMatchObject({ code: 2, stdout: '' })
  expect(sink.stderr).toContain('the run has no sink "wandb": it has jsonl')
  expect(await offstep(['verify'], { dir })).toMatchObject({ code: 2, stdout: '' })
})

test('run.json that is gone: the journal is told all the same, exit code 1', async () => {
  const { dir, run } = await finished()
  rmSync(join(run, 'run.json'))
  const { code, stdout } = await offstep(['verify', run], { dir })
  expect(code).toBe(1)
  expect(stdout).toMatch(/^missing +run\.json +run\.json is gone$/m)
  expect(stdout).toContain(`the journal still holds ${ROWS} records`)
})

test('a live run is sound so far, and cannot be repaired', async () => {
  const dir = temporaryDirectory()
  const { dir: run, program } = await makeRun(dir, { id: 'live', rows: ROWS, end: 'live' })
  onTestFinished(() => program.kill('SIGKILL'))
  const { code, stdout } = await offstep(['verify', run], { dir })
  expect(code).toBe(0)
  expect(stdout).toContain('Sound so far.')
  const repair = await offstep(['verify', run, '--repair'], { dir })
  expect(repair).toMatchObject({ code: 1, stdout: '' })
  expect(repair.stderr).toContain('in use by')
})

test('a run that died, and one with records that are not delivered, send to sync', async () => {
  const dir = temporaryDirectory()
  const { dir: died } = await makeRun(dir, { id: 'died', rows: ROWS, end: 'kill' })
  const found = await offstep(['verify', died], { dir })
  expect(found.code).toBe(0)
  expect(found.stdout).toContain(`Next: offstep sync ${died}`)
})

test('a custom sink cannot be checked from here; its dead letters can', async () => {
  const dir = temporaryDirectory()
  const sink = new TestSink(dir)
  sink.behave('reject')
  const { dir: run } = await makeRun(dir, {
    id: 'custom',
    rows: 20,
    end: 'completed',
    sinks: ['jsonl', sink.option],
  })
  await offstep(['sync', run], { dir })
  const before = await offstep(['verify', run, '--json'], { dir })
  const check = JSON.parse(before.stdout).sinks.find((one: { sink: string }) => one.sink === 'mine')
  expect(check).toMatchObject({ result: 'unchecked', problem: 'its destination cannot be checked from here' })
  expect(check.cursor.deadLettered).toBeGreaterThan(0)
  expect(check.files).toMatchObject([{ file: 'dead-letter/mine.jsonl', result: 'ok', missing: 0 }])
  const letters = join(run, 'dead-letter', 'mine.jsonl')
  writeFileSync(letters, readFileSync(letters, 'utf8').split('\n').slice(1).join('\n'))
  const after = await offstep(['verify', run], { dir })
  expect(after.code).toBe(1)
  expect(after.stdout).toMatch(/^damaged +mine +dead-letter\/mine\.jsonl: 1 record missing/m)
  expect(after.stdout).toContain('Cannot be repaired from here: mine.')
})

test('names from outside cannot move the cursor of a terminal', async () => {
  const { dir, run } = await finished()
  const file = join(run, 'run.json')
  const parsed = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...parsed, project: 'p\u001b[2J' }))
  const { stdout } = await offstep(['verify', run], { dir })
  expect(stdout).not.toContain('\u001b')
})
