/**
 * What checkpoints there are. The directories are the truth; `index.json` holds what their `checkpoint.json` say, so that
 * a list of thousands is quick. An entry counts as long as its directory has the same name and time of change.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../store/atomic-file.js'
import { sentenceOf } from './errors.js'
import { type CheckpointEntry, entryOf, metricsFromJson, metricsToJson, readManifest } from './manifest.js'
import { parseLeftover, stepOf, stepSetAside } from './names.js'
import { readSealedJson, sealJson } from './sealed-json.js'

export const INDEX = 'index.json'

export type OnProblem = (sentence: string) => void

/** A directory that holds a checkpoint, as its name says. */
export interface Place {
  readonly name: string
  readonly step: number
  readonly mtimeMs: number
}

/**
 * The checkpoints in a directory, by step, each step once. One whose `checkpoint.json` cannot be used is left out and
 * told of. Blocks. Throws the file system's errors for the directory itself.
 */
export function listEntries(directory: string, onProblem: OnProblem): CheckpointEntry[] {
  const places = listPlaces(directory)
  const known = readIndex(directory)
  const entries = new Map<Place, CheckpointEntry>()
  let changed = false
  for (const place of places) {
    const indexed = known.get(place.name)
    const entry = indexed?.mtimeMs === place.mtimeMs ? indexed.entry : readEntry(directory, place, onProblem)
    if (entry === null) continue
    entries.set(place, { ...entry, path: join(directory, place.name) })
    changed ||= entry !== indexed?.entry
  }
  if (changed || known.size !== entries.size) writeIndex(directory, entries)
  return [...entries.values()]
}

/** The checkpoints that were set aside, by step; a step may be there more than once. */
export function listSetAside(directory: string, onProblem: OnProblem): CheckpointEntry[] {
  return namesIn(directory)
    .map((name) => ({ name, step: stepSetAside(name) }))
    .filter((place): place is { name: string; step: number } => place.step !== null)
    .map((place) => readEntry(directory, place, onProblem))
    .filter((entry) => entry !== null)
    .sort((a, b) => a.step - b.step || a.time - b.time)
}

/** In the order of the steps. Of a step that a dead process was about to replace, the old one. */
export function listPlaces(directory: string): Place[] {
  const places = new Map<number, Place>()
  const names = namesIn(directory)
  for (const name of names) {
    const old = parseLeftover(name)
    if (old?.kind !== 'old') continue
    const place = placeOf(directory, name, old.step)
    if (place !== null && place.mtimeMs > (places.get(old.step)?.mtimeMs ?? 0)) places.set(old.step, place)
  }
  for (const name of names) {
    const step = stepOf(name)
    const place = step === null ? null : placeOf(directory, name, step)
    if (place !== null) places.set(place.step, place)
  }
  return [...places.values()].sort((a, b) => a.step - b.step)
}

function placeOf(directory: string, name: string, step: number): Place | null {
  const stats = statSync(join(directory, name), { throwIfNoEntry: false })
  return stats?.isDirectory() ? { name, step, mtimeMs: stats.mtimeMs } : null
}

export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function readEntry(
  directory: string,
  { name, step }: Pick<Place, 'name' | 'step'>,
  onProblem: OnProblem,
): CheckpointEntry | null {
  const path = join(directory, name)
  try {
    const entry = entryOf(readManifest(path))
    if (entry.step === step) return entry
    onProblem(`${path} holds the checkpoint of step ${entry.step}: give the directory that name`)
  } catch (error) {
    // Deleted or replaced since the directory was listed: not there is not damaged.
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) onProblem(sentenceOf(error))
  }
  return null
}

interface Indexed {
  readonly mtimeMs: number
  readonly entry: CheckpointEntry
}

/** Empty where the registry cannot be used, for whatever reason: it is made again from the directories. */
function readIndex(directory: string): Map<string, Indexed> {
  try {
    const { entries } = readSealedJson(join(directory, INDEX)) as unknown as {
      entries: ({ name: string } & Indexed)[]
    }
    return new Map(
      entries.map(({ name, mtimeMs, entry }) => [
        name,
        { mtimeMs, entry: { ...entry, metrics: metricsFromJson(entry.metrics) } },
      ]),
    )
  } catch {
    return new Map()
  }
}

function writeIndex(directory: string, entries: ReadonlyMap<Place, CheckpointEntry>): void {
  const rows = [...entries].map(([{ name, mtimeMs }, { path: _path, metrics, ...entry }]) => ({
    name,
    mtimeMs,
    entry: { ...entry, metrics: metricsToJson(metrics) },
  }))
  try {
    writeFileAtomic(join(directory, INDEX), sealJson({ format: 1, entries: rows }))
  } catch {
    // A reader may have no right to write here, and a disk no room: the next list reads the directories again.
  }
}
