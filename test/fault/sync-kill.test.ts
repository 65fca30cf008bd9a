/**
 * kill -9 of `offstep sync` at random moments, again and again, on copies of one run whose process was killed.
 * `OFFSTEP_SYNC_KILLS` (default 30) and `OFFSTEP_SYNC_SEED` choose how often and which moments.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { offstep, rowsUpTo, startOffstep, TestSink } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { expectDelivered, runFile } from '../support/run-files.js'
import { until } from '../support/until.js'

const KILLS_PER_RUN = 3
const RUNS = Math.ceil(countFromEnv('OFFSTEP_SYNC_KILLS', 30) / KILLS_PER_RUN)
const SEED = countFromEnv('OFFSTEP_SYNC_SEED', Date.now() % 1_000_000)
const ROWS = 30_000

describe('kill -9 of sync', () => {
  let template: string

  beforeAll(() => {
    template = mkdtempSync(join(tmpdir(), 'offstep-sync-'))
    const program = join(import.meta.dirname, '..', 'fixtures', 'cli', 'run.mjs')
    const options = JSON.stringify({ id: 'r', rows: ROWS, end: 'kill' })
    const { signal } = spawnSync(process.execPath, [program, options], { env: { RUNS: template } })
    expect(signal).toBe('SIGKILL')
  })
  afterAll(() => rmSync(template, { recursive: true, force: true }))

  test.for(Array.from({ length: RUNS }, (_, n) => SEED + n))(
    'started again, it delivers each record once to every sink, old and new (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const dir = temporaryDirectory()
      cpSync(join(template, 'default'), join(dir, 'default'), { recursive: true })
      const sink = new TestSink(dir)
      const args = [
        'sync',
        'r',
        '--sink',
        JSON.stringify(sink.option),
        '--sink',
        'jsonl,csv,tensorboard,summary',
      ]
      for (let kill = 0; kill < KILLS_PER_RUN; kill++) {
        const program = startOffstep(args, { dir })
        // Most of the time while it delivers; now and then while it starts.
        if (random() < 0.8) {
          await until('it begins', () => program.stderr.includes('delivering') || !program.running)
        }
        await new Promise((resolve) => setTimeout(resolve, random() * 250))
        program.kill('SIGKILL')
        await program.ended
      }
      const { code, stdout } = await offstep([...args, '--json'], { dir })
      const [report] = JSON.parse(stdout)
      expect({ code, complete: report.complete, journaled: report.journaled }).toEqual({
        code: 0,
        complete: true,
        journaled: ROWS,
      })
      for (const [name, { delivered, pending }] of Object.entries<{ delivered: number; pending: number }>(
        report.sinks,
      )) {
        expect({ name, delivered, pending }).toEqual({ name, delivered: ROWS, pending: 0 })
      }
      const runDir = join(dir, 'default', 'r')
      expectDelivered(runDir)
      expect(sink.rows).toEqual(rowsUpTo(ROWS))
      expect(runFile(runDir)).toMatchObject({ status: 'crashed', delivered: true })
    },
  )
})
