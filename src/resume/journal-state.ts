import { join } from 'node:path'
import { readBack } from '../journal/read-back.js'
import { MEDIA_PRODUCER } from '../record/media.js'
import type { ResumedProducer } from '../run/resumed.js'
import type { RunFile } from '../store/run-file.js'
import { goalsOf, summaryOfJournal } from '../store/runs/summary-journal.js'

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
  const names = new Map([[0, 'main'], ...file.producers.map(({ id, name }) => [id, name] as const)])
  for (const id of account.next.keys()) if (!names.has(id)) names.set(id, nameOf(id))
  const producers = [...names].map(([id, name]) => ({
    id,
    name,
    next: account.next.get(id) ?? 0,
    dropped: account.dropped.get(id) ?? {},
    keys: account.definitions.namesOf(id),
  }))
  producers.sort((a, b) => a.id - b.id)
  return { producers, lastStep: summaryOfJournal(runDir, file, goalsOf(file)).steps?.max ?? null }
}

const nameOf = (id: number): string => (id === MEDIA_PRODUCER ? 'media' : `producer-${id}`)
