import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { offstep, startOffstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { until } from '../support/until.js'
import { storedRun } from './support/stored-runs.js'

function runs(): string {
  const dir = temporaryDirectory()
  storedRun(dir, 'one', [[0, { loss: 1 / 3 }]])
  storedRun(dir, 'two', [[0, { loss: 2 }]])
  return dir
}

describe('offstep query', () => {
  const sql = 'select run, value, null as nothing from metrics order by run'

  test('prints a table', async () => {
    const dir = runs()
    const { code, stdout } = await offstep(['query', sql], { dir })
    expect(stdout).toBe(
      'run               value  nothing\none  0.3333333333333333\ntwo                   2\n',
    )
    expect(code).toBe(0)
  })

  test('prints CSV', async () => {
    const dir = runs()
    const { stdout } = await offstep(['query', sql, '--format', 'csv'], { dir })
    expect(stdout).toBe('run,value,nothing\none,0.3333333333333333,\ntwo,2,\n')
  })

  test('prints JSON, also where there are no rows', async () => {
    const dir = runs()
    const { stdout } = await offstep(['query', sql, '--json'], { dir })
    expect(JSON.parse(stdout)).toEqual([
      { run: 'one', value: 1 / 3, nothing: null },
      { run: 'two', value: 2, nothing: null },
    ])
    const none = await offstep(['query', `${sql} limit 0`, '--format', 'json'], { dir })
    expect(JSON.parse(none.stdout)).toEqual([])
  })

  test('asks only about the runs of a filter', async () => {
    const dir = runs()
    const args = ['query', 'select id from runs', '--filter', 'name = two', '--format', 'csv']
    expect((await offstep(args, { dir })).stdout).toBe('id\ntwo\n')
  })

  test('refuses SQL that is wrong in the words of DuckDB, on one line', async () => {
    const dir = runs()
    const { code, stdout, stderr } = await offstep(['query', 'select x from runs'], { dir })
    expect(stderr).toMatch(/^error: Binder Error: Referenced column "x" not found[^\n]*\n$/)
    expect([code, stdout]).toEqual([2, ''])
  })

  test('says what to install where DuckDB is missing', async () => {
    const dir = runs()
    const resolve = `export const resolve = (name, context, next) => {
      if (name !== '@duckdb/node-api') return next(name, context)
      throw Object.assign(new Error('not there'), { code: 'ERR_MODULE_NOT_FOUND' })
    }`
    const url = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
    const hook = url(`import { register } from 'node:module'; register(${JSON.stringify(url(resolve))})`)
    const env = { NODE_OPTIONS: `--import=${hook}` }
    const { code, stderr } = await offstep(['query', 'select 1'], { dir, env })
    expect(stderr).toContain(
      'error: queries need DuckDB, which is not installed: npm install @duckdb/node-api\n',
    )
    expect(code).toBe(2)
  })

  test('that is interrupted leaves no temporary file', async () => {
    const dir = runs()
    const temporary = join(dir, '.tmp')
    mkdirSync(temporary)
    const args = ['query', 'select * from metrics, range(100000000)', '--format', 'csv']
    const program = startOffstep(args, { dir, env: { TMPDIR: temporary } })
    await until('rows come', () => program.stdout.length > 100)
    expect(readdirSync(temporary)).toHaveLength(1)
    process.kill(program.pid, 'SIGINT')
    expect(await program.ended).toEqual({ code: 130, signal: null })
    expect(readdirSync(temporary)).toEqual([])
  })

  test('says where no runs are', async () => {
    const dir = temporaryDirectory()
    const { code, stderr } = await offstep(['query', 'select 1', '--dir', `${dir}/no`], { dir })
    expect(stderr).toContain('there is no directory')
    expect(code).toBe(2)
  })
})
