import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { JournalReader } from '../src/journal/reader.js'
import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { quantile } from './statistics.js'

const PROGRAM = fileURLToPath(new URL('./programs/kill.js', import.meta.url))
const ENTRY_BYTES = 24
const MIN_MS = 100
const SPREAD_MS = 200

interface Loss {
  readonly records: number
  readonly ms: number
  /** From the first log call until the journal had it: what a kill at the very beginning costs. */
  readonly beginningMs: number
}

/** One process at a time: two at once would wait for each other's threads on a machine of two cores. */
export const kill: Benchmark = {
  name: 'kill',
  about: 'what kill -9 costs a program that logs a thousand rows a second',
  scopes: ['delivery'],
  async run({ quick }: Settings): Promise<Figure[]> {
    const kills = quick ? 50 : 1000
    const losses: Loss[] = []
    for (let n = 0; n < kills; n++) losses.push(await withDirectory(killOne))
    const ms = losses.map((loss) => loss.ms)
    const records = losses.map((loss) => loss.records)
    const figures: [string, number][] = [
      ['p50', 0.5],
      ['p99', 0.99],
      ['p99.9', 0.999],
      ['max', 1],
    ]
    const beginning = losses.map((loss) => loss.beginningMs)
    return [
      ...figures.map(([name, fraction]) => ({
        name: `lost by kill -9, ${name}`,
        measured: quantile(ms, fraction),
        unit: 'ms',
        target: { atMost: 10 },
        note: `${quantile(records, fraction)} records; ${kills} kills`,
      })),
      {
        name: 'until the first record is journaled',
        measured: quantile(beginning, 0.5),
        unit: 'ms',
        note: `while the tracker starts; p99 ${quantile(beginning, 0.99).toFixed(0)} ms`,
      },
    ]
  },
}

async function killOne(dir: string): Promise<Loss> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify({ dir })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  await new Promise((resolve) => setTimeout(resolve, MIN_MS + Math.random() * SPREAD_MS))
  child.kill('SIGKILL')
  await closed
  const told = Buffer.concat(parts)
  const last = Math.floor(told.length / ENTRY_BYTES) * ENTRY_BYTES - ENTRY_BYTES
  const accepted = { rows: told.readDoubleLE(last) + 1, time: told.readDoubleLE(last + 8) }
  const kept = readJournal(path.join(dir, 'default', 'killed', 'journal'))
  const records = Math.max(0, accepted.rows - kept.rows)
  const ms = records === 0 ? 0 : accepted.time - kept.time
  return { records, ms, beginningMs: told.readDoubleLE(last + 16) }
}

/** Rows that a reader finds, and when the last one was logged. */
function readJournal(directory: string): { rows: number; time: number } {
  const reader = new JournalReader(directory)
  let rows = 0
  let time = Number.NaN
  for (let batch = reader.read(); batch !== null; batch = reader.read()) {
    rows += batch.count
    time = batch.times[batch.count - 1]!
  }
  reader.close()
  return { rows, time }
}
