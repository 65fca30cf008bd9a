import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readCursor } from '../delivery/cursor.js'
import { readBack } from '../journal/read-back.js'
import { readRewinds } from '../journal/rewinds.js'
import { MEDIA_PRODUCER } from '../record/media.js'
import type { ResumedProducer } from '../run/resumed.js'
import type { RunFile } from '../store/run-file.js'
import { goalsOf } from '../store/runs/goals.js'
import { summaryOfJournal } from '../store/runs/summary-journal.js'

/** What the processes before have left. */
export interface JournalState {
  /** The one with id 0 first. */
  readonly producers: readonly ResumedProducer[]
  /** The largest step of a row that counts; null where there is none. */
  readonly lastStep: number | null
}

/**
 * Reads the end of a run's journal, and makes it durable. For the owner of the run's lock. Blocks: moments, or as long as
 * reading the journal takes where the summary is far behind.
 */
export function readJournalState(runDir: string, file: RunFile): JournalState {
  const account = readBack(join(runDir, 'journal'))
  const next = nextOf(runDir, account.next)
  const names = new Map([[0, 'main'], ...file.producers.map(({ id, name }) => [id, name] as const)])
  for (const id of next.keys()) if (!names.has(id)) names.set(id, nameOf(id))
  const producers = [...names].map(([id, name]) => ({
    id,
    name,
    next: next.get(id) ?? 0,
    dropped: account.dropped.get(id) ?? {},
    keys: account.definitions.namesOf(id),
  }))
  producers.sort((a, b) => a.id - b.id)
  return { producers, lastStep: summaryOfJournal(runDir, file, goalsOf(file)).steps?.max ?? null }
}

/**
 * Sequence numbers that no row has had. A power cut may have taken the end of the journal, and left what sinks know of it:
 * rows with numbers that they know would not reach them.
 */
function nextOf(runDir: string, journaled: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const next = new Map(journaled)
  const raise = (of: { readonly [producer: string]: number }) => {
    for (const [id, sequence] of Object.entries(of))
      next.set(Number(id), Math.max(sequence, next.get(Number(id)) ?? 0))
  }
  for (const sink of sinksIn(join(runDir, 'cursors'))) raise(readCursor(runDir, sink).place.next)
  for (const { before } of readRewinds(join(runDir, 'journal'))) raise(before)
  return next
}

function sinksIn(cursors: string): string[] {
  try {
    return readdirSync(cursors).flatMap((name) => /^([^.].*)\.json$/.exec(name)?.[1] ?? [])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const nameOf = (id: number): string => (id === MEDIA_PRODUCER ? 'media' : `producer-${id}`)
