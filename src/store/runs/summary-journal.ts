import { join } from 'node:path'
import { readCursor } from '../../delivery/cursor.js'
import { FIRST_PLACE, type JournalPlace } from '../../journal/position.js'
import { JournalReader } from '../../journal/reader.js'
import { bytesBefore, journalBytes } from '../../journal/size.js'
import type { JsonObject } from '../../record/json.js'
import type { SinkState } from '../../sinks/sink.js'
import { Accumulators } from '../../sinks/summary/accumulators.js'
import { summaryText } from '../../sinks/summary/document.js'
import { addRows, noRows, type RowCounts } from '../../sinks/summary/rows.js'
import { setValues } from '../../sinks/summary/set-values.js'
import type { RunFile } from '../run-file.js'
import type { Goals } from './goals.js'
import { knowsRewinds } from './rewound.js'
import { parseSummary } from './summary-file.js'
import type { RunSummary } from './types.js'

interface Beginning {
  readonly place: JournalPlace
  readonly state: SinkState | null
}

/**
 * The summary of all that is in the journal now, and of every metric: what summary.json has, and what its sink has not
 * got yet. Blocks: a moment where the sink is near the end, else as long as reading the journal takes.
 */
export function summaryOfJournal(runDir: string, file: RunFile, goals: Goals): RunSummary {
  const { place, state } = beginningOf(runDir)
  const unlimited = Number.POSITIVE_INFINITY
  const metrics = state === null ? new Accumulators(unlimited) : Accumulators.restore(unlimited, state)
  const startTime = Date.parse(file.startTime)
  let rows = state === null ? noRows(startTime) : (state.rows as RowCounts)
  let values = (state?.values ?? {}) as JsonObject
  const reader = new JournalReader(join(runDir, 'journal'), place)
  try {
    for (let batch = reader.read(); batch !== null; batch = reader.read()) {
      metrics.add(batch)
      rows = addRows(rows, batch)
      values = setValues(values, batch, runDir).values
    }
  } finally {
    reader.close()
  }
  const context = { runId: file.id, project: file.project, runName: file.name, startTime }
  const endTime = file.endTime === null ? rows.lastTime : Date.parse(file.endTime)
  const progress = { status: file.status, endTime, now: endTime }
  return parseSummary(summaryText(context, progress, { rows, metrics, values }, goals))
}

/** Where the sink stands; the journal's start where it has left metrics out, has superseded rows, or is of no use. */
function beginningOf(runDir: string): Beginning {
  const cursor = readCursor(runDir, 'summary')
  const { place, state } = cursor
  const journal = join(runDir, 'journal')
  const usable =
    state !== null && state.omittedValues === 0 && state.rows !== undefined && knowsRewinds(runDir, cursor)
  // Nothing of this journal is as long as that: it is another one, or what is left of it.
  const behind = journalBytes(journal) < bytesBefore(journal, place.position)
  return usable && !behind ? { place, state } : { place: FIRST_PLACE, state: null }
}
