/** Runs of two machines, or in two directories, that began in the same second have the same id of offstep's. */
import { expect, test } from 'vitest'
import { COMPLETED } from './support/sink-run.js'
import { ID, type Opened, opened, prepared, rows } from './support/wandb-run.js'

const lr = (value: number) => ({
  runFile: {
    format: 1,
    id: ID,
    project: 'tinystories',
    name: 'baseline',
    status: 'running',
    startTime: '2024-11-19T07:06:40.000Z',
    config: { lr: value },
  },
})

const values = ({ server }: Opened, id: string) => server.run(id).history.map(({ value }) => value)

async function both(): Promise<{ first: Opened; second: Opened; id: string }> {
  const first = await opened(lr(1))
  const second = await opened({ ...lr(2), on: first.server })
  const id = first.server.backend.runs.find((run) => run.id !== ID)!.id
  return { first, second, id }
}

test('both are at W&B, each with its own rows and config', async () => {
  const { first, second, id } = await both()
  await second.write(...rows(10, 13))
  await first.write(...rows(0, 3))
  await second.sink.close(COMPLETED)
  await first.sink.close(COMPLETED)
  expect(values(first, ID)).toEqual([0, 1, 2])
  expect(values(first, id)).toEqual([10, 11, 12])
  const { server } = first
  expect([ID, id].map((one) => server.run(one).config)).toMatchObject([
    { lr: { value: 1 } },
    { lr: { value: 2 } },
  ])
  expect(id).toMatch(/^a-run-[0-9a-f]{8}$/)
  expect(second.urls[0]).toContain(id)
  expect([first.warnings, second.warnings]).toEqual([[], [expect.stringContaining(id)]])
  expect(server.errors).toEqual([])
})

test('the other id stays, also where the process has died before the first batch', async () => {
  const { second, id } = await both()
  second.state = null
  await second.reopen()
  await second.write(...rows(0, 3))
  await second.reopen()
  await second.sink.close(COMPLETED)
  expect(values(second, id)).toEqual([0, 1, 2])
  expect(second.server.backend.runs).toHaveLength(2)
})

test('an answer that is lost makes no other run', async () => {
  const run = await prepared({ faults: [{ on: 'UpsertBucket', kind: 'reset', commit: true }] })
  await expect(run.sink.open(run.context, null)).rejects.toMatchObject({ action: 'retry' })
  await run.sink.open(run.context, null)
  await run.write(...rows(0, 3))
  await run.sink.close(COMPLETED)
  expect(values(run, ID)).toEqual([0, 1, 2])
  expect(run.server.backend.runs).toHaveLength(1)
})

test.for([{ keys: ['another'] }, 'down'] as const)(
  'a server that cannot be asked at first: %j',
  async (first) => {
    const { server } = await opened(lr(1))
    const second = await prepared({ ...lr(2), on: server })
    if (first === 'down') await server.stop()
    else server.keys = new Set(first.keys)
    await expect(second.sink.open(second.context, null)).rejects.toThrow()
    if (first === 'down') await server.start()
    else server.keys = new Set(['0123456789abcdef0123456789abcdef01234567'])
    await second.sink.open(second.context, null)
    await second.sink.close(COMPLETED)
    expect(server.backend.runs).toHaveLength(2)
  },
)
