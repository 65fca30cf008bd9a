/** What happens around a run that lives: it is stopped, moved, renamed, or started twice; and then it dies. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { JournalReader } from '../../dist/src/journal/reader.js'
import { findRuns, RunAliveError, recoverRun } from '../../dist/src/runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { type Program, startProgram } from '../support/program.js'
import { countPerProducer, expectDelivered, expectJournal, runFile } from '../support/run-files.js'
import { until } from '../support/until.js'

const STOPPED_MS = 2000

/** Rows of the first producer that the program has confirmed so far. */
const confirmed = ({ stdout }: Program): number => {
  const lines = stdout.slice(0, stdout.lastIndexOf('\n') + 1).match(/^confirmed .*$/gm) ?? []
  return Number(lines.at(-1)?.slice('confirmed '.length).split(',')[0] ?? 0)
}

async function startTraining(dir: string): Promise<{ program: Program; runDir: string }> {
  const program = startProgram('kill/train.mjs', { args: ['{}'], dir })
  await until('records are delivered', () => confirmed(program) > 2000)
  return { program, runDir: join(dir, 'default', 'child') }
}

/** Rows of the first producer that a journal holds, which may lack some in between. */
function sequencesIn(runDir: string): number[] {
  const reader = new JournalReader(join(runDir, 'journal'))
  const found: number[] = []
  for (let batch = reader.read(); batch !== null; batch = reader.read())
    found.push(...batch.sequences.slice(0, batch.count))
  reader.close()
  return found
}

async function confirmsMore(program: Program): Promise<void> {
  const before = confirmed(program)
  await until('the program goes on', () => confirmed(program) > before + 100)
}

/** All that was confirmed is in the journal, and each sink has each row once. */
async function expectRecovered(runDir: string, kept: number, status: string): Promise<void> {
  expect(await recoverRun(runDir)).toMatchObject({ status, failed: {}, complete: true })
  expect(countPerProducer(expectDelivered(runDir))[0]).toBeGreaterThanOrEqual(kept)
}

test('a process that was stopped for two seconds goes on, and nobody has taken its run meanwhile', async () => {
  const { program, runDir } = await startTraining(temporaryDirectory())
  program.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, STOPPED_MS))
  await expect(recoverRun(runDir)).rejects.toThrow(RunAliveError)
  program.kill('SIGCONT')
  await confirmsMore(program)
  const kept = confirmed(program)
  program.kill('SIGTERM')
  expect(await program.ended).toEqual({ code: null, signal: 'SIGTERM' })
  expect(runFile(runDir).status).toBe('killed')
  await expectRecovered(runDir, kept, 'killed')
})

test('a process that is killed while it is stopped leaves a run that can be recovered', async () => {
  const { program, runDir } = await startTraining(temporaryDirectory())
  program.kill('SIGSTOP')
  program.kill('SIGKILL')
  await program.ended
  await expectRecovered(runDir, confirmed(program), 'crashed')
})

test('a run directory that is moved while its run lives: no record is lost between the two places', async () => {
  const dir = temporaryDirectory()
  const { program, runDir } = await startTraining(dir)
  const moved = join(dir, 'default', 'moved')
  renameSync(runDir, moved)
  await confirmsMore(program)
  await expect(recoverRun(moved)).rejects.toThrow(RunAliveError)
  program.kill('SIGKILL')
  await program.ended
  // The open segment has moved along; the next ones are where the run is expected.
  const rows = new Set([...sequencesIn(moved), ...sequencesIn(runDir)])
  for (let sequence = 0; sequence < confirmed(program); sequence++) expect(rows.has(sequence)).toBe(true)
  await expectRecovered(moved, 2000, 'crashed')
})

test('a host that gets another name changes nothing: its living keep their runs, its dead do not', async () => {
  const { program, runDir } = await startTraining(temporaryDirectory())
  const lock = join(runDir, 'lock', '000001.json')
  const renamed = () =>
    writeFileSync(lock, JSON.stringify({ ...JSON.parse(readFileSync(lock, 'utf8')), host: 'the-old-name' }))
  renamed()
  await expect(recoverRun(runDir)).rejects.toThrow(RunAliveError)
  program.kill('SIGKILL')
  await program.ended
  renamed()
  await expectRecovered(runDir, confirmed(program), 'crashed')
})

test('three processes that start at once with one run id get a directory each', async () => {
  const dir = temporaryDirectory()
  const programs = [1, 2, 3].map(() => startProgram('exit/natural-end.mjs', { dir }))
  for (const program of programs)
    expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
  const runs = findRuns(dir)
  expect(runs.map(({ id }) => id).sort()).toEqual(['child', 'child-2', 'child-3'])
  for (const { dir: runDir } of runs) {
    expectJournal(runDir, 500)
    expectDelivered(runDir)
  }
})
