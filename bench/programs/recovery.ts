/**
 * Recovers a run whose process died, made here: `mebibytes` of journal, whose sinks are `at` its beginning, in
 * the middle of its last segment, or at its end. Files are warm: the disk is not what is measured.
 */
import path from 'node:path'
import { commitCursor, firstCursor } from '../../src/delivery/cursor.js'
import { listSegments } from '../../src/journal/files.js'
import { type JournalPlace, positionOf } from '../../src/journal/position.js'
import { JournalReader } from '../../src/journal/reader.js'
import { recoverRun } from '../../src/recovery/recover-run.js'
import { makeJournal, writeRun } from './made-run.js'
import { parameters, report } from './support.js'

const SINKS = ['jsonl', 'csv', 'tensorboard', 'summary']
const { dir, mebibytes, at } = parameters<{ dir: string; mebibytes: number; at: string }>()

makeJournal(dir, mebibytes)
writeRun(dir, SINKS, 'running')
if (at !== 'beginning') for (const sink of SINKS) commitCursor(dir, { ...firstCursor(sink), place: place() })
const start = performance.now()
let firstMs = Number.NaN
const stop = new AbortController()
await recoverRun(dir, {
  signal: stop.signal,
  onProgress() {
    if (Number.isNaN(firstMs)) firstMs = performance.now() - start
    // A gibibyte to four files takes a minute, of which only the first batch is wanted.
    if (at === 'beginning') stop.abort()
  },
})
report({ firstMs, totalMs: performance.now() - start })

function place(): JournalPlace {
  const directory = path.join(dir, 'journal')
  const last = listSegments(directory).at(-1)!
  const reader = new JournalReader(directory, { position: positionOf(last, 0), next: {} })
  const end = at === 'middle' ? positionOf(last, 32 * 2 ** 20) : Number.POSITIVE_INFINITY
  while (reader.position < end && reader.read() !== null) {
    // to the place
  }
  const found = reader.place
  reader.close()
  return found
}
