/**
 * Checks the journal and the sinks of a run of `mebibytes` of journal, made here: rows of ten scalars. Times are
 * of warm files: the disk of the machine is not what is measured.
 */
import fs from 'node:fs'
import path from 'node:path'
import { recoverRun } from '../../src/recovery/recover-run.js'
import { verifyRun } from '../../src/verify/verify-run.js'
import { makeJournal, writeRun } from './made-run.js'
import { parameters, report } from './support.js'

const MIB = 2 ** 20
const { dir, mebibytes, sinks } = parameters<{ dir: string; mebibytes: number; sinks: string[] }>()

makeJournal(dir, mebibytes)
writeRun(dir, sinks, 'completed')
if (sinks.length > 0) await recoverRun(dir)
const before = process.memoryUsage().rss
let largest = before
const onProgress = (): void => {
  largest = Math.max(largest, process.memoryUsage.rss())
}
const megabytes = fs
  .readdirSync(path.join(dir, 'journal'))
  .reduce((sum, name) => sum + fs.statSync(path.join(dir, 'journal', name)).size / 1e6, 0)
// The first one warms up.
await timed({ sinks: false })
const journalMs = await timed({ sinks: false })
const sinkMs: Record<string, number> = {}
for (const sink of sinks) sinkMs[sink] = (await timed({ only: [sink] })) - journalMs
const allMs = await timed({})
report({ megabytes, journalMs, sinkMs, allMs, memoryMib: (largest - before) / MIB })

async function timed(options: { sinks?: boolean; only?: string[] }): Promise<number> {
  const start = performance.now()
  const { sound } = await verifyRun(dir, { ...options, onProgress })
  if (!sound) throw new Error('The run that was made here is not sound')
  return performance.now() - start
}
