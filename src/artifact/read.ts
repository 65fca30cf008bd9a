/** Artifacts of a run, read back from its directory: the journal says which versions there are. */
import { checkedValue, MediaFileError } from '../media/checked-file.js'
import type { JsonObject } from '../record/json.js'
import type { MediaRecordOf } from '../record/media.js'
import type { ArtifactEntry, ArtifactValue } from '../record/updates.js'
import { readBatches } from '../store/runs/read-rows.js'
import { ArtifactError } from './errors.js'
import { type ArtifactHead, LATEST, nextVersion } from './versions.js'

/** One version of an artifact. */
export interface StoredVersion {
  readonly name: string
  /** From 0: `v0` is the first. */
  readonly version: number
  readonly type: string
  /** As the newest call that had one gave it. */
  readonly description: string | null
  readonly metadata: JsonObject
  /** All that stand for it now; `latest` first, where it is the newest. */
  readonly aliases: readonly string[]
  /** SHA-256, in hex, of type, metadata, paths and contents: equal versions have an equal one. */
  readonly digest: string
  /** Of its files, those that are references too, where their size is known. */
  readonly bytes: number
  /** Of the first call that made it. */
  readonly step: number
  /** Milliseconds since the epoch, of the same call. */
  readonly time: number
  /** Sorted by path. */
  readonly entries: readonly ArtifactEntry[]
}

export interface StoredArtifact {
  readonly name: string
  /** Oldest first: `versions[3]` is `v3`. */
  readonly versions: readonly StoredVersion[]
  /** The number of the version that each alias stands for. */
  readonly aliases: ReadonlyMap<string, number>
}

type Draft = { -readonly [Field in keyof Omit<StoredVersion, 'aliases'>]: StoredVersion[Field] }

interface History {
  head: ArtifactHead
  readonly versions: Draft[]
}

/**
 * All artifacts of a run, in the order in which their names came. Reads the journal through, also while the run lives.
 * Blocks: not for the training thread. Throws an ArtifactError where a list of files is gone or damaged, and the file
 * system's errors.
 */
export function listArtifacts(runDir: string): StoredArtifact[] {
  const histories = new Map<string, History>()
  for (const batch of readBatches(runDir)) {
    for (const [row, record] of batch.media) {
      if (record.kind !== 'artifact') continue
      const call = { step: batch.steps[row]!, time: batch.times[row]! }
      addCall(histories, record.name, contentsOf(runDir, record), call)
    }
  }
  return [...histories].map(([name, history]) => storedArtifact(name, history))
}

/**
 * The version that a reference names: `model:v3`, `model:latest`, `model:best`, or `model` for the newest one. Throws
 * an ArtifactError that lists what there is, and as `listArtifacts()` does. Blocks.
 */
export function findArtifact(runDir: string, reference: string): StoredVersion {
  const [name, alias] = splitReference(reference)
  const artifacts = listArtifacts(runDir)
  const artifact = artifacts.find((one) => one.name === name)
  if (artifact === undefined) {
    const there = artifacts.map((one) => one.name).join(', ') || 'none'
    throw new ArtifactError(`there is no artifact ${JSON.stringify(name)}: the run has ${there}`)
  }
  const number = numberOf(alias) ?? artifact.aliases.get(alias) ?? null
  const version = number === null ? undefined : artifact.versions[number]
  if (version !== undefined) return version
  const aliases = [...artifact.aliases.keys()].join(', ')
  const last = artifact.versions.length - 1
  throw new ArtifactError(
    `${JSON.stringify(name)} has no version ${JSON.stringify(alias)}: give v0 to v${last}, or one of ${aliases}`,
  )
}

function splitReference(reference: string): [name: string, alias: string] {
  const at = reference.indexOf(':')
  return at < 0 ? [reference, LATEST] : [reference.slice(0, at), reference.slice(at + 1)]
}

function numberOf(alias: string): number | null {
  const digits = /^v(\d{1,9})$/.exec(alias)?.[1]
  return digits === undefined ? null : Number(digits)
}

function addCall(
  histories: Map<string, History>,
  name: string,
  value: ArtifactValue,
  call: { readonly step: number; readonly time: number },
): void {
  const history = histories.get(name)
  const { head, isNew } = nextVersion(history?.head ?? null, value)
  const versions = history?.versions ?? []
  histories.set(name, { head, versions })
  if (isNew) versions.push(draftOf(name, value, head, call))
  else versions.at(-1)!.description = value.description ?? versions.at(-1)!.description
}

function draftOf(
  name: string,
  { type, description, metadata, entries }: ArtifactValue,
  { version, digest }: ArtifactHead,
  { step, time }: { readonly step: number; readonly time: number },
): Draft {
  const bytes = entries.reduce((sum, entry) => sum + (bytesOf(entry) ?? 0), 0)
  const head = { name, version, type, description: description ?? null, metadata }
  return { ...head, digest, bytes, step, time, entries }
}

const bytesOf = (entry: ArtifactEntry): number | null =>
  entry.file === undefined ? entry.bytes : entry.file.bytes

function storedArtifact(name: string, { head, versions }: History): StoredArtifact {
  const aliases = new Map([[LATEST, head.version], ...head.aliases])
  const namesOf = (version: number): string[] =>
    [...aliases].filter(([, number]) => number === version).map(([alias]) => alias)
  const complete = versions.map((draft) => ({ ...draft, aliases: namesOf(draft.version) }))
  return { name, versions: complete, aliases }
}

function contentsOf(runDir: string, record: MediaRecordOf<'artifact'>): ArtifactValue {
  try {
    return checkedValue(runDir, record)
  } catch (error) {
    if (!(error instanceof MediaFileError)) throw error
    throw new ArtifactError(`the list of files of ${JSON.stringify(record.name)}: ${error.message}`, error)
  }
}
