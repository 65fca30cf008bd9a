/**
 * Where this run's lines begin at the server: behind those of the run that it resumes. Fixed in a file before the
 * first line is sent: asked again after a crash, the server would count that line too.
 */
import { join } from 'node:path'
import * as v from 'valibot'
import { readKept, writeKept } from '../../../kept-file.js'
import { type LineCounts, NO_LINES } from '../stream/stream-request.js'
import type { ResumeStatus } from './bucket.js'
import { fieldsIn, type JsonRecord, lastLineIn, recordIn } from './their-json.js'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const baseline = v.object({
  runId: v.string(),
  storageId: v.optional(v.string()),
  /** The numbers of the first lines. */
  offsets: v.object({ history: count, events: count, console: count }),
  /** The newest `_step` that is there, or -1. */
  lastStep: v.pipe(v.number(), v.safeInteger()),
  /** Seconds that the run has taken so far. */
  runtime: v.pipe(v.number(), v.finite(), v.minValue(0)),
  summary: v.array(v.tuple([v.string(), v.string()])),
  /** JSON, in W&B's shape; stays where the run says nothing else. */
  config: v.optional(v.string()),
})

export interface Baseline {
  readonly runId: string
  /** Undefined: the run is new. */
  readonly storageId?: string | undefined
  readonly offsets: LineCounts
  readonly lastStep: number
  readonly runtime: number
  /** Name and JSON of each value. */
  readonly summary: readonly (readonly [name: string, json: string])[]
  readonly config?: string | undefined
}

/** Of a run that the server does not have yet. */
export const newRun = (runId: string): Baseline => ({
  runId,
  offsets: NO_LINES,
  lastStep: -1,
  runtime: 0,
  summary: [],
})

/** Behind what the server has of the run. */
export function resumed(runId: string, status: ResumeStatus): Baseline {
  const summary = recordIn(status.summaryMetrics)
  const history = lastLineIn(status.historyTail)
  const events = lastLineIn(status.eventsTail)
  const lastStep = [history._step, summary._step].find((step) => Number.isSafeInteger(step))
  return {
    runId,
    storageId: status.storageId,
    offsets: {
      history: status.historyLineCount,
      events: status.eventsLineCount,
      console: status.logLineCount,
    },
    lastStep: status.historyLineCount > 0 ? Number(lastStep ?? -1) : -1,
    runtime: Math.max(0, ...[history, summary, events].flatMap(runtimesOf)),
    summary: fieldsIn(status.summaryMetrics).filter(([name]) => name !== '_wandb'),
    config: status.config ?? undefined,
  }
}

function runtimesOf({ _runtime, _wandb }: JsonRecord): number[] {
  const inside = (_wandb as JsonRecord | null | undefined)?.runtime
  return [_runtime, inside].filter((value) => typeof value === 'number')
}

const fileOf = (runDir: string): string => join(runDir, 'wandb', 'online.json')

/** What was fixed for the run with this id; null where nothing was. Blocks. */
export function readBaseline(runDir: string, runId: string): Baseline | null {
  const fixed = readFixed(runDir)
  return fixed?.runId === runId ? fixed : null
}

/** What was fixed, for whichever id. Blocks. */
export function readFixed(runDir: string): Baseline | null {
  return readKept(fileOf(runDir), baseline)
}

/** Blocks until it is on the disk. */
export function writeBaseline(runDir: string, fixed: Baseline): void {
  writeKept(fileOf(runDir), fixed)
}
