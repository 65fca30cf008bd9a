/** What W&B knows an artifact's content by, as wandb 0.30.0 makes it. */
import { createHash } from 'node:crypto'
import type { ArtifactEntry } from '../../../../record/updates.js'

const HEADER = 'wandb-artifact-manifest-v1\n'

/** What W&B compares of an entry. */
export const digestOf = (entry: ArtifactEntry): string =>
  entry.file === undefined ? entry.digest : entry.md5

/** MD5, in hex, of the sorted paths and their contents' MD5: equal content has an equal one. */
export function manifestDigest(entries: readonly ArtifactEntry[]): string {
  const hash = createHash('md5').update(HEADER)
  for (const entry of entries) hash.update(`${entry.path}:${digestOf(entry)}\n`)
  return hash.digest('hex')
}

/** `births`: by path, the id of the artifact that has brought the content first. W&B keeps it under that one. */
export function manifestJson(entries: readonly ArtifactEntry[], births: ReadonlyMap<string, string>): Buffer {
  const contents = entries.map((entry) => [entry.path, contentOf(entry, births)] as const)
  const manifest = {
    version: 1,
    storagePolicy: 'wandb-storage-policy-v1',
    storagePolicyConfig: { storageLayout: 'V2' },
    contents: Object.fromEntries(contents),
  }
  return Buffer.from(JSON.stringify(manifest))
}

function contentOf(entry: ArtifactEntry, births: ReadonlyMap<string, string>): object {
  const digest = digestOf(entry)
  if (entry.file !== undefined) {
    return { digest, size: entry.file.bytes, birthArtifactID: births.get(entry.path) }
  }
  return { digest, ref: entry.reference, ...(entry.bytes === null ? {} : { size: entry.bytes }) }
}
