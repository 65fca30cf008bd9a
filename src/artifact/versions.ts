/** Versions of artifacts: a function of the records, in their order. Whoever goes through them counts the same. */
import { createHash } from 'node:crypto'
import type { ArtifactEntry, ArtifactValue } from '../record/updates.js'

/** The alias that every newest version has. */
export const LATEST = 'latest'

/** Where one name has come to. Plain JSON. */
export interface ArtifactHead {
  /** Of the newest version, from 0. */
  readonly version: number
  /** See contentDigest(). */
  readonly digest: string
  /** Which version each alias stands for; without `latest`. */
  readonly aliases: readonly (readonly [alias: string, version: number])[]
}

export interface NextVersion {
  readonly head: ArtifactHead
  /** False where the call says what the newest version is already. */
  readonly isNew: boolean
}

/** The head after a record. `head`: null before the first one of the name. */
export function nextVersion(head: ArtifactHead | null, value: ArtifactValue): NextVersion {
  const digest = contentDigest(value)
  const isNew = head === null || head.digest !== digest
  const version = (head?.version ?? -1) + (isNew ? 1 : 0)
  const moved = value.aliases.map((alias) => [alias, version] as const)
  const aliases = new Map([...(head?.aliases ?? []), ...moved])
  return { head: { version, digest, aliases: [...aliases] }, isNew }
}

/**
 * SHA-256, in hex, of all that makes a version: type, metadata, and each file's path and content; of a reference its URI
 * too. A description and aliases make none.
 */
export function contentDigest({ type, metadata, entries }: ArtifactValue): string {
  const hash = createHash('sha256').update(JSON.stringify([type, sorted(metadata)]))
  for (const entry of entries) hash.update(JSON.stringify(identityOf(entry)))
  return hash.digest('hex')
}

function identityOf(entry: ArtifactEntry): unknown[] {
  if (entry.file !== undefined) return [entry.path, entry.file.sha256, entry.file.bytes]
  return [entry.path, entry.reference, entry.sha256, entry.digest, entry.bytes]
}

/** The same metadata in another order are the same. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, part]) => [name, sorted(part)])
}
