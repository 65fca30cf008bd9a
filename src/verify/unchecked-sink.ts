import fs from 'node:fs'
import path from 'node:path'
import { offsetOf, segmentOf } from '../journal/position.js'
import { readCursorFile, recordsBehind } from './cursor-check.js'
import type { SinkCheck } from './report.js'

/** The sinks that have a cursor: all that can be known of them where run.json cannot be read. */
export function cursorNames(runDir: string): string[] {
  let names: string[]
  try {
    names = fs.readdirSync(path.join(runDir, 'cursors'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return names.flatMap((name) => /^([^.].*)\.json$/.exec(name)?.[1] ?? []).sort()
}

/** A sink that is left out, with what its cursor says. */
export function uncheckedSink(runDir: string, sink: string, why: string): SinkCheck {
  const { cursor, result, problem } = readCursorFile(runDir, sink)
  return {
    sink,
    result: 'unchecked',
    problem: why,
    cursor: {
      result,
      problem,
      segment: segmentOf(cursor.place.position),
      offset: offsetOf(cursor.place.position),
      records: recordsBehind(cursor),
      ...cursor.counts,
      lostBehind: 0,
    },
    files: [],
    pending: 0,
    wrong: 0,
    onlyHere: 0,
  }
}
