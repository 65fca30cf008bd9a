import fs from 'node:fs'
import path from 'node:path'
import { recoverRun } from '../recovery/recover-run.js'
import type { RecoveryProgress } from '../recovery/report.js'
import { type RunFile, readRunFile, writeRunFile } from '../store/run-file.js'
import { RENEW_INTERVAL_MS, RunAliveError, RunLock, readLock } from '../store/run-lock.js'
import type { SinkCheck, VerifyReport } from './report.js'
import { setAside } from './set-aside.js'
import { type VerifyOptions, verify, verifyRun } from './verify-run.js'

export interface RepairOptions extends Omit<VerifyOptions, 'sinks'> {
  readonly onDelivery?: (progress: RecoveryProgress) => void
}

export interface RepairAction {
  readonly sink: string
  /** `left`: it cannot be written again from what the journal has. */
  readonly result: 'rebuilt' | 'failed' | 'left'
  /** Why it is not rebuilt. */
  readonly problem: string | null
  /** Records that it has now. */
  readonly delivered: number
  /** Files and directories with what it held before, relative to the run directory. */
  readonly kept: readonly string[]
}

export interface RepairReport {
  readonly before: VerifyReport
  readonly after: VerifyReport
  readonly actions: readonly RepairAction[]
}

/**
 * Writes the damaged sinks of files again from the journal, by the same code that delivers live, and checks the
 * run again. What the journal itself has lost cannot come back: a sink that may hold such records is kept as it
 * was, beside the new one (`<name>.before-repair`). May be killed at any point, and called again.
 *
 * Throws RunAliveError while another process writes or delivers the run, RunFileError where there is no run.
 * Blocks the thread with file calls: not for a thread that trains.
 */
export async function repairRun(runDir: string, options: RepairOptions = {}): Promise<RepairReport> {
  const dir = path.resolve(runDir)
  const { before, kept, left } = await prepare(dir, options)
  const sinks = before.repairable.filter((sink) => !left.has(sink))
  let failed: { readonly [sink: string]: { readonly message: string } } = {}
  if (sinks.length > 0) {
    const { onDelivery } = options
    const report = await recoverRun(dir, {
      // Of a run without records all sinks are closed again, or it would not count as delivered.
      ...(before.journal.records > 0 && { only: sinks }),
      ...(onDelivery !== undefined && { onProgress: onDelivery }),
      role: 'repair',
    })
    failed = report.failed
  }
  const after = before.repairable.length > 0 ? await verifyRun(dir, options) : before
  const actions = before.repairable.map((sink): RepairAction => {
    const problem = left.get(sink) ?? failed[sink]?.message ?? null
    const result = left.has(sink) ? 'left' : problem !== null ? 'failed' : 'rebuilt'
    const delivered = after.sinks.find((check) => check.sink === sink)?.cursor.delivered ?? 0
    return { sink, result, problem, delivered, kept: kept.get(sink) ?? [] }
  })
  return { before, after, actions }
}

interface Prepared {
  readonly before: VerifyReport
  readonly kept: ReadonlyMap<string, readonly string[]>
  readonly left: ReadonlyMap<string, string>
}

/** Under the run's lock: finds what is damaged, and sets those sinks back to their beginning. */
async function prepare(dir: string, options: RepairOptions): Promise<Prepared> {
  const kept = new Map<string, readonly string[]>()
  const left = new Map<string, string>()
  // Where run.json cannot be read, nothing can be repaired, and there is nothing to lock.
  if (!fs.existsSync(path.join(dir, 'run.json'))) return { before: await verifyRun(dir, options), kept, left }
  const lock = RunLock.acquire(dir, { role: 'repair' })
  const renewal = setInterval(() => lock.renew(), RENEW_INTERVAL_MS)
  try {
    const before = await verify(dir, options, true)
    if (!lock.held) throw new RunAliveError(dir, readLock(dir).owner)
    for (const sink of before.sinks.filter((check) => before.repairable.includes(check.sink))) {
      if (before.journal.result === 'missing') {
        left.set(sink.sink, 'the journal is gone: what the sink has is the only copy')
        continue
      }
      if (mayHoldMore(before, sink, readRunFile(dir))) kept.set(sink.sink, setAside(dir, sink.sink))
      // Last: until now, a crash leaves a sink that finds its file gone and begins again by itself.
      fs.rmSync(path.join(dir, 'cursors', `${sink.sink}.json`), { force: true })
    }
    // Nothing will be delivered that would have the sinks closed again.
    if (before.repairable.length > left.size && before.journal.records === 0) {
      writeRunFile(dir, { ...readRunFile(dir), delivered: false })
    }
    return { before, kept, left }
  } finally {
    clearInterval(renewal)
    lock.release()
  }
}

/** True where a sink may hold anything that the journal cannot give again. */
function mayHoldMore({ journal }: VerifyReport, sink: SinkCheck, { records }: RunFile): boolean {
  const extra = sink.files.reduce((sum, file) => sum + file.extra, 0)
  if (journal.result !== 'ok' || sink.onlyHere + extra > 0) return true
  // Its content was not compared: then only the count in run.json shows that the journal has everything.
  return sink.cursor.result !== 'ok' && records?.journaled !== journal.records
}
