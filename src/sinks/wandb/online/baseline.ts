/**
 * Where this run's lines begin at the server: behind those of the run that it resumes. Fixed in a file before the
 * first line is sent: asked again after a crash, the server would count that line too.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { writeFileAtomic } from '../../../store/atomic-file.js'
import { parseExtendedJson } from '../extended-json.js'
import type { SummaryState } from '../summary.js'
import type { ResumeStatus } from './graphql.js'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const baseline = v.object({
  runId: v.string(),
  storageId: v.optional(v.string()),
  /** The number of the first line. */
  offset: count,
  /** The newest `_step` that is there, or -1. */
  lastStep: v.pipe(v.number(), v.safeInteger()),
  /** Seconds that the run has taken so far. */
  runtime: v.pipe(v.number(), v.finite(), v.minValue(0)),
  summary: v.array(v.tuple([v.string(), v.string()])),
})

export interface Baseline {
  readonly runId: string
  readonly storageId?: string | undefined
  readonly offset: number
  readonly lastStep: number
  readonly runtime: number
  readonly summary: SummaryState
}

/** Of a run that the server does not have yet. */
export const newRun = (runId: string): Baseline => ({
  runId,
  offset: 0,
  lastStep: -1,
  runtime: 0,
  summary: [],
})

/** Behind what the server has of the run. */
export function resumed(runId: string, status: ResumeStatus): Baseline {
  const summary = recordIn(status.summaryMetrics)
  const tail = tailOf(status.historyTail)
  const numberOf = (name: string) => [tail?.[name], summary[name]].find((value) => typeof value === 'number')
  const lastStep = status.historyLineCount > 0 ? numberOf('_step') : undefined
  const fields = Object.entries(summary).filter(([name]) => name !== '_wandb')
  return {
    runId,
    storageId: status.storageId,
    offset: status.historyLineCount,
    lastStep: Number.isSafeInteger(lastStep) ? (lastStep as number) : -1,
    runtime: Math.max(0, Number(numberOf('_runtime') ?? 0)),
    summary: fields.map(([name, value]) => [name, JSON.stringify(value)] as const),
  }
}

const fileOf = (runDir: string): string => join(runDir, 'wandb', 'online.json')

/** What was fixed for the run with this id; null where nothing was. Blocks. */
export function readBaseline(runDir: string, runId: string): Baseline | null {
  let text: string
  try {
    text = readFileSync(fileOf(runDir), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const result = v.safeParse(baseline, JSON.parse(text))
  return result.success && result.output.runId === runId ? result.output : null
}

/** Blocks until it is on the disk. */
export function writeBaseline(runDir: string, fixed: Baseline): void {
  const file = fileOf(runDir)
  mkdirSync(dirname(file), { recursive: true })
  writeFileAtomic(file, `${JSON.stringify(fixed)}\n`, { sync: true })
}

type JsonRecord = { readonly [name: string]: unknown }

/** The newest line in a JSON array of lines. */
function tailOf(text: string | null): JsonRecord | null {
  const lines = parsed(text)
  const last: unknown = Array.isArray(lines) ? lines.at(-1) : undefined
  return typeof last === 'string' ? recordIn(last) : null
}

function recordIn(text: string | null): JsonRecord {
  const value = parsed(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : {}
}

function parsed(text: string | null): unknown {
  try {
    return parseExtendedJson(text ?? 'null')
  } catch {
    // The server's own text: what cannot be read tells nothing.
    return null
  }
}
