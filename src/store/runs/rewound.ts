/** What a run that went back to an earlier step has made out of date (see journal/rewinds.ts). */
import { join } from 'node:path'
import { type Cursor, readCursor } from '../../delivery/cursor.js'
import { RewindsError, readRewinds } from '../../journal/rewinds.js'
import type { RunFile } from '../run-file.js'

/**
 * False where the run went back and the sink has not heard of it yet (see delivery/rebuild.ts): what it holds counts rows
 * that are superseded. Throws RewindsError. Blocks.
 */
export function knowsRewinds(runDir: string, { rewinds = 0 }: Cursor): boolean {
  return rewinds === readRewinds(join(runDir, 'journal')).length
}

/**
 * True where summary.json may tell of superseded rows. Of a run that went back, only the file of a sink that has all of it
 * does not: before that the sink may have read on over superseded rows, and its file is still the old one. Blocks.
 */
export function hasOldSummary(runDir: string, { delivered }: RunFile): boolean {
  try {
    if (readRewinds(join(runDir, 'journal')).length === 0) return false
    return delivered !== true || !knowsRewinds(runDir, readCursor(runDir, 'summary'))
  } catch (error) {
    // Whoever reads the journal is told. One such run must not keep a list of thousands from being shown.
    if (error instanceof RewindsError) return false
    throw error
  }
}
