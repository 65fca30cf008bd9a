/** What W&B knows an artifact's content by, as wandb 0.30.0 makes it. */
import { createHash } from 'node:crypto'
import type { ArtifactEntry } from '../../../../record/updates.js'

const HEADER = 'wandb-artifact-manifest-v1\n'

/** MD5, in hex, of the sorted paths and their contents' MD5: equal content has an equal one. */
export function manifestDigest(entries: readonly ArtifactEntry[]): string {
  const hash = createHash('md5').update(HEADER)
  for (const { path, md5 } of entries) hash.update(`${path}:${md5}\n`)
  return hash.digest('hex')
}

/** `births`: by path, the id of the artifact that has brought the content first. W&B keeps it under that one. */
export function manifestJson(entries: readonly ArtifactEntry[], births: ReadonlyMap<string, string>): Buffer {
  const contents = entries.map(({ path, file, md5 }) => {
    const entry = { digest: md5, size: file.bytes, birthArtifactID: births.get(path) }
    return [path, entry] as const
  })
  const manifest = {
    version: 1,
    storagePolicy: 'wandb-storage-policy-v1',
    storagePolicyConfig: { storageLayout: 'V2' },
    contents: Object.fromEntries(contents),
  }
  return Buffer.from(JSON.stringify(manifest))
}
