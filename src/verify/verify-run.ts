import path from 'node:path'
import type { JournalPlace } from '../journal/position.js'
import { scanJournal } from '../journal/scan.js'
import { bytesBefore, journalBytes } from '../journal/size.js'
import { MEDIA_PRODUCER } from '../record/media.js'
import { readLock } from '../store/run-lock.js'
import { checkJournal, endsOf, lostIn, recordsIn } from './journal-check.js'
import { checkMedia } from './media-check.js'
import { replay } from './replay.js'
import type { SinkCheck, VerifyReport } from './report.js'
import { checkRun } from './run-check.js'
import { canBeRebuilt, SinkChecking, type SinkSetup } from './sink-check.js'
import { cursorNames, uncheckedSink } from './unchecked-sink.js'

export interface VerifyOptions {
  /** False: run.json and the journal alone. Default true. */
  readonly sinks?: boolean
  /** Names of the sinks to check. Default: all that the run has. */
  readonly only?: readonly string[]
  /** Called now and then, on this thread. */
  readonly onProgress?: (progress: VerifyProgress) => void
}

export interface VerifyProgress {
  readonly phase: 'journal' | 'sinks'
  /** Bytes of the journal that this phase has behind it, and that there are. */
  readonly bytes: number
  readonly totalBytes: number
}

const LIVE = 'the run is being written or delivered: check again when that has ended'
const NO_RUN_FILE = 'its files cannot be computed without run.json'
const CHANGED = 'somebody began to deliver the run meanwhile: check again when that has ended'

/**
 * Checks a run: run.json, the journal's framing, checksums and sequence numbers, every cursor, and the content of
 * each sink of files against the journal, byte for byte. Changes nothing. A run that is written meanwhile is
 * checked as far as its journal goes; its sinks are left out.
 *
 * Throws RunFileError where the directory holds no run, and the file system's errors. Blocks the thread with file
 * calls: not for a thread that trains. Memory does not grow with the run.
 */
export async function verifyRun(runDir: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  return verify(path.resolve(runDir), options, false)
}

/** `ours`: the caller holds the run's lock, so that nobody else writes or delivers it. */
export async function verify(dir: string, options: VerifyOptions, ours: boolean): Promise<VerifyReport> {
  const { file, check: run } = checkRun(dir)
  const journal = path.join(dir, 'journal')
  const totalBytes = journalBytes(journal)
  const progress = (phase: VerifyProgress['phase']) => (bytes: number) =>
    options.onProgress?.({ phase, bytes: Math.min(bytes, totalBytes), totalBytes })
  const scan = scanJournal(journal, { onProgress: progress('journal') })

  const isWanted = (sink: string): boolean =>
    options.sinks !== false && (options.only?.includes(sink) ?? true)
  const wanted = file?.sinks.filter(({ name }) => isWanted(name)) ?? []
  const ends = endsOf(scan)
  let sinks: SinkCheck[]
  let counted = 0
  if (file === null) {
    sinks = cursorNames(dir)
      .filter(isWanted)
      .map((sink) => uncheckedSink(dir, sink, NO_RUN_FILE))
  } else if (run.state === 'live' && !ours) {
    sinks = wanted.map(({ name }) => uncheckedSink(dir, name, LIVE))
  } else {
    const nameless = new Set<string>()
    const common = { runDir: dir, file, lost: lostIn(scan), ends, records: recordsIn(scan), nameless }
    const setups = wanted.map((sink) => ({ ...common, sink }))
    const found = await checkSinks(journal, setups, progress('sinks'))
    sinks = found.checks
    if (!ours && wasTaken(dir, run.owner)) sinks = wanted.map(({ name }) => uncheckedSink(dir, name, CHANGED))
    else counted = Math.max(file.records?.journaled ?? 0, recordsBefore([ends, ...found.places]))
  }

  const media = endsOf(scan)[MEDIA_PRODUCER] === undefined ? null : await checkMedia(dir)
  const checkedJournal = checkJournal(scan, file, counted)
  const isBad = ({ result }: SinkCheck): boolean => result === 'damaged' || result === 'missing'
  const rebuildable = new Set(wanted.filter(canBeRebuilt).map(({ name }) => name))
  return {
    dir,
    sound:
      run.result === 'ok' &&
      checkedJournal.result === 'ok' &&
      !sinks.some(isBad) &&
      (media?.result ?? 'ok') === 'ok',
    run,
    journal: checkedJournal,
    sinks,
    media,
    lost: checkedJournal.missing + checkedJournal.missingAtEnd,
    repairable: sinks.filter((sink) => isBad(sink) && rebuildable.has(sink.sink)).map(({ sink }) => sink),
  }
}

/** `places`: the next sequence numbers of the sinks whose cursors can be trusted. */
async function checkSinks(
  journal: string,
  setups: readonly (SinkSetup & { readonly nameless: Set<string> })[],
  onBytes: (bytes: number) => void,
): Promise<{ checks: SinkCheck[]; places: JournalPlace['next'][] }> {
  const sinks = setups.map((setup) => new SinkChecking(setup))
  try {
    const reached = await replay(
      journal,
      sinks.filter(({ comparable }) => comparable),
      setups[0]?.nameless ?? new Set(),
      (position) => onBytes(bytesBefore(journal, position)),
    )
    const checks = sinks.map((sink) => sink.finish(reached.get(sink) ?? null))
    const trusted = sinks.filter((_, i) => checks[i]!.cursor.result === 'ok')
    return { checks, places: trusted.map(({ place }) => place.next) }
  } finally {
    for (const sink of sinks) sink.close()
  }
}

/** Records before the furthest of several places, per producer. */
function recordsBefore(places: readonly JournalPlace['next'][]): number {
  const furthest = new Map<string, number>()
  for (const place of places) {
    for (const [producer, next] of Object.entries(place)) {
      furthest.set(producer, Math.max(next, furthest.get(producer) ?? 0))
    }
  }
  return [...furthest.values()].reduce((sum, next) => sum + next, 0)
}

/** Somebody took the run's lock while we read: then its files may have changed under us. */
function wasTaken(dir: string, owner: string | null): boolean {
  return owner === null && readLock(dir).state === 'alive'
}
