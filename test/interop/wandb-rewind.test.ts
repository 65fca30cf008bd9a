/** What W&B's own client asks of a server when it rewinds a run: what ours asks, too. */
import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { startWandbServer } from '../support/wandb-server/server.js'
import { WandbClient } from './wandb-support/client.js'

test('W&B’s client rewinds a run of its own as ours does: by the same call, and behind the lines that are left', async () => {
  const server = await startWandbServer()
  const client = new WandbClient(server)
  onTestFinished(async () => {
    client.stop()
    await server.close()
    rmSync(client.home, { recursive: true, force: true })
  })
  const first = await client.program('resumable_run.py', 'rewound', 'never', '0', '10')
  expect(first.code, first.output).toBe(0)
  const before = server.requests.length
  const second = await client.program('rewound_run.py', 'rewound', '4', '3')
  expect(second.code, second.output).toBe(0)
  const run = server.run('rewound')
  expect(run.history.map(({ _step, value }) => [_step, value])).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 5.5],
    [6, 6.5],
    [7, 7.5],
  ])
  const requests = server.requests.slice(before)
  const [rewind] = requests.filter(({ operation }) => operation === 'RewindRun')
  expect(rewind?.variables).toEqual({
    runName: 'rewound',
    entity: null,
    project: 'interop',
    metricName: '_step',
    metricValue: 4,
  })
  // Events and console begin anew.
  const offsets = (file: string) => requests.flatMap(({ files }) => files?.[file]?.[0] ?? [])
  expect(offsets('wandb-history.jsonl')[0]).toBe(5)
  expect(offsets('output.log')[0]).toBe(0)
  const operations = requests.map(({ operation }) => operation)
  expect(operations.indexOf('UpsertBucket')).toBeGreaterThan(operations.indexOf('RewindRun'))
  expect(server.errors).toEqual([])
})
