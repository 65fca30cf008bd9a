import { describe, expect, test } from 'vitest'
import { queryRuns } from '../../src/query/query-runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { storedRun } from './support/stored-runs.js'

function runs() {
  const dir = temporaryDirectory()
  return [
    storedRun(dir, 'one', [
      [0, { loss: 3 }],
      [1, { loss: 1 }],
      [2, { loss: Number.NaN, lr: 0.5 }],
    ]),
    storedRun(dir, 'two', [[0, { loss: 2 }]], {
      config: { lr: 1e-3, optimizer: { name: 'adam' } },
      tags: ["it's", 'b'],
      status: 'failed',
      exitCode: 3,
      git: { commit: 'abc', branch: 'main', dirty: false, remote: null },
    }),
  ]
}

describe('a query', () => {
  test('of metrics sees every value of the journals', async () => {
    const sql = 'select run, step, name, value from metrics order by all'
    expect((await queryRuns(runs(), sql)).rows).toEqual([
      ['one', 0, 'loss', 3],
      ['one', 1, 'loss', 1],
      ['one', 2, 'loss', 'NaN'],
      ['one', 2, 'lr', 0.5],
      ['two', 0, 'loss', 2],
    ])
  })

  test('of runs sees what run.json has, the config as JSON', async () => {
    const sql = `select id, status, tags, config->'optimizer'->>'name', (config->>'lr')::double, git_commit, exit_code,
      start_time::varchar from runs order by id`
    const time = '2026-01-02 03:04:05.678'
    expect((await queryRuns(runs(), sql)).rows).toEqual([
      ['one', 'completed', [], null, null, null, null, time],
      ['two', 'failed', ["it's", 'b'], 'adam', 1e-3, 'abc', 3, time],
    ])
  })

  test('of the summary sees what each metric came to', async () => {
    const sql = `select run, name, first, last, min, max, mean, best, best_step, count, non_finite
      from summary where name = 'loss' order by run`
    const { columns, rows } = await queryRuns(runs(), sql)
    expect(columns).toHaveLength(11)
    // The number of values is a 64-bit integer.
    expect(rows).toEqual([
      ['one', 'loss', 3, 'NaN', 1, 3, 2, 1, 1, '3', '1'],
      ['two', 'loss', 2, 2, 2, 2, 2, 2, 0, '1', '0'],
    ])
  })

  test('joins all three', async () => {
    const sql = `select r.id, count(*)::int from runs r join summary s on s.run = r.id
      join metrics m on m.run = r.id and m.name = s.name group by all order by all`
    expect((await queryRuns(runs(), sql)).rows).toEqual([
      ['one', 4],
      ['two', 1],
    ])
  })

  test('gives its rows as they come, or as many as are asked for', async () => {
    let rows = 0
    const onRows = async (_: unknown, some: readonly unknown[]) => {
      rows += some.length
    }
    await queryRuns(runs(), 'select * from range(10000)', { onRows })
    expect(rows).toBe(10_000)
    const limited = await queryRuns(runs(), 'select * from range(10000)', { limit: 7 })
    expect([limited.rows.length, limited.truncated]).toEqual([7, true])
    const whole = await queryRuns(runs(), 'select * from range(7)', { limit: 7 })
    expect([whole.rows.length, whole.truncated]).toEqual([7, false])
  })

  test('over no runs has empty tables', async () => {
    const sql =
      'select (select count(*)::int from runs), (select count(*)::int from metrics), (select count(*)::int from summary)'
    expect((await queryRuns([], sql)).rows).toEqual([[0, 0, 0]])
  })

  test('that DuckDB refuses ends with what DuckDB says, on one line', async () => {
    const refusal = queryRuns(runs(), 'select stauts\nfrom runs')
    await expect(refusal).rejects.toMatchObject({ code: 'OFFSTEP_QUERY' })
    await expect(refusal).rejects.toThrow(/^Binder Error: Referenced column "stauts" not found[^\n]*"status"/)
    await expect(queryRuns(runs(), 'select cast(name as int) from runs')).rejects.toThrow(
      /^Conversion Error:/,
    )
  })
})
