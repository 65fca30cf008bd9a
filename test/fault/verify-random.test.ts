import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { repairRun } from '../../dist/src/verify/repair-run.js'
import type { VerifyReport } from '../../dist/src/verify/report.js'
import { verifyRun } from '../../dist/src/verify/verify-run.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import {
  copyOf,
  editBytes,
  editLines,
  eventFilesOf,
  type FinishedRun,
  finishedRun,
  linesOf,
} from './support/damaged-run.js'

const SEEDS = countFromEnv('OFFSTEP_VERIFY_SEEDS', 40)
const FIRST_SEED = countFromEnv('OFFSTEP_VERIFY_FIRST_SEED', 1)

let whole: FinishedRun
/** What each file of the run is made of, in order. */
let rows: string[]
beforeAll(async () => {
  whole = await finishedRun(2500, { journal: { segmentBytes: 2 ** 20 } }, 2)
  rows = linesOf(join(whole.dir, 'metrics.jsonl'))
})
afterAll(() => whole.remove())

interface Dice {
  below(limit: number): number
}

/** Ways to hurt a file; each gives a word to say what it was. */
const HURTS: readonly ((file: string, dice: Dice) => string)[] = [
  (file, dice) => {
    const bit = dice.below(statSync(file).size * 8)
    editBytes(file, (bytes) => {
      bytes[bit >> 3]! ^= 1 << (bit & 7)
    })
    return `bit ${bit} flipped`
  },
  (file, dice) => {
    const size = dice.below(statSync(file).size)
    truncateSync(file, size)
    return `cut to ${size}`
  },
  (file, dice) => {
    const { size } = statSync(file)
    const [from, length] = [dice.below(size), 1 + dice.below(9000)]
    editBytes(file, (bytes) => bytes.fill(0, from, Math.min(size, from + length)))
    return `${length} zeros at ${from}`
  },
  (file, dice) => {
    const bytes = readFileSync(file)
    const [from, length] = [dice.below(bytes.length), 1 + dice.below(9000)]
    writeFileSync(file, Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]))
    return `${length} bytes taken at ${from}`
  },
  (file, dice) => {
    const bytes = readFileSync(file)
    const [to, from, length] = [dice.below(bytes.length), dice.below(bytes.length), 1 + dice.below(5000)]
    const copied = bytes.subarray(from, from + length)
    writeFileSync(file, Buffer.concat([bytes.subarray(0, to), copied, bytes.subarray(to)]))
    return `${copied.length} bytes of ${from} put in at ${to}`
  },
  (file) => {
    rmSync(file)
    return 'removed'
  },
  (file, dice) => {
    if (!file.endsWith('.jsonl') && !file.endsWith('.csv')) return 'left'
    let what = ''
    editLines(file, (lines) => {
      const [a, b] = [dice.below(lines.length), dice.below(lines.length)]
      ;[lines[a], lines[b]] = [lines[b]!, lines[a]!]
      what = `lines ${a} and ${b} in each other's place`
    })
    return what
  },
]

function filesOf(dir: string): string[] {
  return [
    join(dir, 'metrics.jsonl'),
    join(dir, 'metrics.csv'),
    join(dir, 'summary.json'),
    ...eventFilesOf(dir),
    ...readdirSync(join(dir, 'journal')).map((name) => join(dir, 'journal', name)),
    ...['jsonl', 'csv', 'tensorboard', 'summary'].map((sink) => join(dir, 'cursors', `${sink}.json`)),
  ]
}

function hurt(dir: string, seed: number): string[] {
  const random = seededRandom(seed)
  const dice: Dice = { below: (limit) => Math.floor(random() * limit) }
  const done: string[] = []
  const files = filesOf(dir)
  for (let n = 1 + dice.below(3); n > 0; n--) {
    const [file] = files.splice(dice.below(files.length), 1)
    done.push(`${file!.slice(dir.length + 1)}: ${HURTS[dice.below(HURTS.length)]!(file!, dice)}`)
  }
  return done
}

/** The files hold what they held, whatever was done to them. */
function sameContent(dir: string): boolean {
  const same = (file: string): boolean =>
    readFileSync(join(dir, file)).equals(readFileSync(join(whole.dir, file)))
  return same('metrics.jsonl') && same('metrics.csv')
}

/** Everything but what the journal has lost. */
function soundButForLosses({ run, sinks, repairable }: VerifyReport): boolean {
  const bad = sinks.filter(({ result }) => result === 'damaged' || result === 'missing')
  return run.result === 'ok' && bad.length === 0 && repairable.length === 0
}

/** All rows that metrics.jsonl or a copy kept by a repair holds whole. */
function heldRows(dir: string): Set<string> {
  const names = readdirSync(dir).filter((name) => name.startsWith('metrics.jsonl'))
  return new Set(names.flatMap((name) => linesOf(join(dir, name))))
}

test.each(Array.from({ length: SEEDS }, (_, i) => FIRST_SEED + i))(
  'random damage is found or harmless; a repair leaves nothing but what the journal lost, and loses no row (seed %i)',
  async (seed) => {
    const dir = copyOf(whole)
    const done = hurt(dir, seed)
    const held = heldRows(dir)
    const before = await verifyRun(dir)
    if (before.sound) expect({ done, same: sameContent(dir) }).toEqual({ done, same: true })
    const { after } = await repairRun(dir)
    if (before.journal.result === 'missing') return
    expect({ done, sound: soundButForLosses(after) }).toEqual({ done, sound: true })
    expect({ done, lost: after.lost >= 0 && after.journal.records }).toEqual({
      done,
      lost: before.journal.records,
    })
    const now = heldRows(dir)
    const gone = rows.filter((row) => held.has(row) && !now.has(row))
    expect({ done, gone: gone.length }).toEqual({ done, gone: 0 })
  },
)
