/**
 * kill -9 of processes that resume. `OFFSTEP_TEST_RESUMES` chooses how many random lives are tried (from 20 on, each call
 * within resume() is one to die at), `OFFSTEP_TEST_SEED` the first of them.
 */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { init, resume } from '../../dist/src/index.js'
import { recoverRun } from '../../dist/src/runs.js'
import { verifyRun } from '../../dist/src/verify/verify-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { csvRows, type FoundRow, ids, journalRows, jsonlRows, runFile } from '../support/run-files.js'
import type { KillPoint } from './support/kill-points.js'

const LIVES = countFromEnv('OFFSTEP_TEST_RESUMES', 2)
const SEED = countFromEnv('OFFSTEP_TEST_SEED', Date.now() % 1_000_000)
const QUIET = { git: false, plots: false, recover: false } as const

/** Steps 1 to 10, checkpoints of 4 and 8, and a process that has died. */
async function deadRun(): Promise<string> {
  const run = init({ ...QUIET, dir: temporaryDirectory(), id: 'dead', checkpoints: { keepLast: 99 } })
  for (let step = 1; step <= 10; step++) {
    run.log({ loss: step }, step)
    if (step % 4 === 0) await run.checkpoints.save(step, { tensors: { w: Float32Array.of(step) } })
  }
  await run.finish()
  const file = { ...runFile(run.dir), status: 'running', endTime: null, delivered: undefined }
  writeFileSync(join(run.dir, 'run.json'), JSON.stringify(file))
  return run.dir
}

const steps = (runDir: string): number[] =>
  jsonlRows(runDir).flatMap(({ step, values }) => ('loss' in values ? [step] : []))

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)

/** A process that resumes from step 4 dies at that point; what the next one, or a recovery before it, finds. False: it came through. */
async function diesAndGoesOn(template: string, point: KillPoint, recovered: boolean): Promise<boolean> {
  const dir = temporaryDirectory()
  const runDir = join(dir, 'default', 'dead')
  cpSync(template, runDir, { recursive: true })
  const env = { OFFSTEP_KILL_POINT: JSON.stringify(point) }
  const program = startProgram('resume/killed.mjs', { dir, args: [runDir, 4], env })
  expect(await program.ended, program.stderr).toEqual({ code: null, signal: 'SIGKILL' })
  if (recovered) await recoverRun(runDir)
  const run = await resume({ ...QUIET, run: runDir })
  const at = run.resumed!.step!
  expect([4, 8]).toContain(at)
  expect((await run.checkpoints.list()).map(({ step }) => step)).toEqual([4, 8].filter((step) => step <= at))
  run.log({ loss: 0 })
  expect(await run.finish()).toMatchObject({ reached: true })
  expect(steps(runDir), JSON.stringify(point)).toEqual([...upTo(at), at + 1])
  expect(await verifyRun(runDir)).toMatchObject({ sound: true, lost: 0 })
  return program.stdout.includes('killed at')
}

describe('kill -9 within resume(): the next one, or a recovery, finds a whole run', () => {
  test.each([
    ['before', 'renameSync', 'rewinds\\.json$'],
    ['after', 'renameSync', 'rewinds\\.json$'],
    ['before', 'renameSync', 'superseded/step_8$'],
    ['after', 'renameSync', 'superseded/step_8$'],
  ] as const)('%s the %s of %s', async (when, call, file) => {
    const template = await deadRun()
    for (const recovered of [false, true]) {
      expect(await diesAndGoesOn(template, { call, file, when, nth: 1 }, recovered)).toBe(true)
    }
  })

  test.each([
    ['renameSync', '.'],
    ['fsyncSync', '.'],
    // Of files that are only read nothing changes.
    ['openSync', '(tmp|rewinds\\.json|lock/.*)$'],
  ] as const)('before any %s', async (call, file) => {
    const template = await deadRun()
    const random = seededRandom(SEED)
    const leap = LIVES >= 20 ? 1 : 8
    let killed = true
    for (let nth = 1 + Math.floor(random() * leap); killed; nth += 1 + Math.floor(random() * leap)) {
      killed = await diesAndGoesOn(template, { call, file, when: 'before', nth }, random() < 0.5)
    }
  })
})

interface Row {
  readonly producer: number
  readonly step: number
  readonly value: number | string
}

/** What a run must hold, by the rules of docs/resume.md alone. */
class Oracle {
  rows: Row[] = []
  saved: number[] = []

  /** The last step that counts, or null: the start. */
  resume(from: 'latest' | 'end' | number | undefined): void {
    if (from === 'end') return
    const step = typeof from === 'number' ? from : (this.saved.at(-1) ?? Number.NEGATIVE_INFINITY)
    this.rows = this.rows.filter((row) => row.step <= step)
    this.saved = this.saved.filter((saved) => saved <= step)
  }

  log(row: Row): void {
    this.rows.push(row)
  }

  save(step: number): void {
    this.saved = [...new Set([...this.saved, step])].sort((a, b) => a - b)
  }
}

/** Odd ones too: negative, fractional, going back. */
function oddStep(random: () => number): number {
  const step = Math.floor(random() * 20) - 4
  return random() < 0.2 ? step + 0.5 : step
}

describe('a run that is killed, and resumed from anywhere, again and again', () => {
  test.for(Array.from({ length: LIVES }, (_, i) => SEED + i))(
    'has in every file exactly the rows that count (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const dir = temporaryDirectory()
      const runDir = join(dir, 'p', 'odd')
      const oracle = new Oracle()
      let value = 0
      const processes = 3 + Math.floor(random() * 3)
      for (let n = 0; n < processes; n++) {
        const choices = ['latest', 'end', oddStep(random)] as const
        const from = choices[Math.floor(random() * choices.length)]!
        oracle.resume(from)
        const rows: (readonly [number | string, number, (number | string)?])[] = []
        for (let calls = Math.floor(random() * 60); calls > 0; calls--) {
          const step = oddStep(random)
          if (random() < 0.1) {
            const save = Math.max(0, Math.floor(step))
            rows.push(['save', save])
            oracle.save(save)
            continue
          }
          const logged = random() < 0.1 ? `${2n ** 60n + BigInt(value++)}` : value++
          const producer = random() < 0.3 ? 1 : 0
          rows.push([producer, step, logged])
          oracle.log({ producer, step, value: logged })
        }
        const end = n === processes - 1 ? 'finish' : random() < 0.2 ? 'exit' : 'kill'
        const args = [JSON.stringify({ id: 'odd', from, rows, end })]
        const program = startProgram('resume/life.mjs', { dir, args })
        const { code, signal } = await program.ended
        expect(end === 'kill' ? signal : code, program.stderr).toBe(end === 'kill' ? 'SIGKILL' : 0)
        if (end === 'kill' && random() < 0.3) await recoverRun(runDir)
      }
      expectRows(runDir, oracle.rows)
      expect(await verifyRun(runDir)).toMatchObject({ sound: true, lost: 0 })
    },
  )
})

function expectRows(runDir: string, expected: readonly Row[]): void {
  const isMetric = ({ values }: FoundRow): boolean => 'value' in values || 'big' in values
  for (const producer of [0, 1]) {
    const wanted = expected
      .filter((row) => row.producer === producer)
      .map(({ step, value }) => [step, Number(value)])
    for (const rows of [jsonlRows(runDir), csvRows(runDir)]) {
      const found = rows.filter((row) => isMetric(row) && row.producer === producer)
      expect(found.map(({ step, values }) => [step, Number(values.value ?? values.big)])).toEqual(wanted)
    }
  }
  // Each row that counts once, whatever else it was given before.
  const kept = linesOf(runDir, 'keeps.txt')
  expect(new Set(kept).size).toBe(kept.length)
  const counting = journalRows(runDir)
  expect(kept).toEqual(expect.arrayContaining(ids(counting)))
  // It refuses each tenth row: dead letters of rows that count no more are gone too.
  const isTenth = ({ sequence }: FoundRow): boolean => sequence % 10 === 9
  expect(linesOf(runDir, 'picky.txt')).toEqual(ids(counting.filter((row) => !isTenth(row))))
  const letters = linesOf(runDir, 'dead-letter/picky.jsonl').map((line) => JSON.parse(line) as FoundRow)
  expect(ids(letters)).toEqual(ids(counting.filter(isTenth)))
}

const linesOf = (runDir: string, name: string): string[] => {
  const file = join(runDir, name)
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
}
