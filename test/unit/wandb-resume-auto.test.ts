import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BatchBuilder } from './support/batches.js'
import { COMPLETED, runDirectory } from './support/sink-run.js'
import { type Opened, opened, type Parts, rows } from './support/wandb-run.js'

const fileIn = (dir: string) => join(dir, 'wandb', 'wandb-resume.json')
const FAILED = { ...COMPLETED, status: 'failed' } as const

/** A run with offstep's own id `runId`, in `dir`. */
function started(dir: string, runId: string, parts: Parts = {}): Promise<Opened> {
  const options = { resume: 'auto', dir, ...(parts.on ? { baseUrl: parts.on.url } : {}), ...parts.options }
  return opened({ ...parts, options, context: { runId, ...parts.context } })
}

test('a run that did not complete is gone on with by the next one in the directory', async () => {
  const dir = runDirectory()
  const first = await started(dir, 'first')
  await first.write(...rows(0, 5))
  await first.sink.close(FAILED)
  const second = await started(dir, 'second', { on: first.server })
  await second.write(...rows(0, 3))
  await second.sink.close(COMPLETED)
  const { server } = first
  expect(server.backend.runs.map(({ id }) => id)).toEqual(['first'])
  expect(server.run('first').history.map(({ _step }) => _step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(server.errors).toEqual([])
})

test('a run that has completed is not gone on with', async () => {
  const dir = runDirectory()
  const first = await started(dir, 'first')
  await first.write(...rows(0, 2))
  expect(JSON.parse(readFileSync(fileIn(dir), 'utf8'))).toEqual({ run_id: 'first' })
  await first.sink.close(COMPLETED)
  expect(existsSync(fileIn(dir))).toBe(false)
  await started(dir, 'second', { on: first.server })
  expect(first.server.backend.runs.map(({ id }) => id)).toEqual(['first', 'second'])
})

test('a run that is opened again goes on as itself, though it has no state yet', async () => {
  const dir = runDirectory()
  const run = await started(dir, 'own')
  await run.sink.write(new BatchBuilder().batchOf(rows(0, 5)))
  await run.reopen()
  await run.write(...rows(0, 5))
  await run.sink.close(COMPLETED)
  expect(run.server.run('own').history.map(({ _step }) => _step)).toEqual([0, 1, 2, 3, 4])
  expect(run.server.errors).toEqual([])
})

test('an id that is given is used, and the other run is told', async () => {
  const dir = runDirectory()
  const first = await started(dir, 'first')
  await first.sink.close(FAILED)
  const second = await started(dir, 'second', { on: first.server, options: { id: 'given' } })
  expect(second.warnings).toEqual([expect.stringContaining('"first" is not resumed')])
  expect(first.server.run('given').id).toBe('given')
})

test('the recovery of an older run leaves the file to the newer one', async () => {
  const dir = runDirectory()
  const newer = await started(dir, 'newer')
  const older = await started(dir, 'older', {
    on: newer.server,
    options: { id: 'older' },
    context: { live: false },
  })
  await older.sink.close(COMPLETED)
  expect(JSON.parse(readFileSync(fileIn(dir), 'utf8'))).toEqual({ run_id: 'newer' })
})

test('a run stays what it has begun as, though a newer one is in the file', async () => {
  const dir = runDirectory()
  const older = await started(dir, 'older')
  await started(dir, 'newer', { on: older.server, options: { id: 'newer' } })
  await older.reopen()
  await older.write(...rows(0, 3))
  expect(older.server.run('older').history).toHaveLength(2)
  expect(older.server.run('newer').history).toHaveLength(0)
})

test('a file that cannot be read names no run', async () => {
  const dir = runDirectory()
  mkdirSync(join(dir, 'wandb'))
  writeFileSync(fileIn(dir), '{"run_id":')
  const run = await started(dir, 'own')
  expect(run.server.run('own').id).toBe('own')
})
