import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { ArtifactValue } from '../../../record/updates.js'
import { safePath } from '../../media-file-name.js'
import { storedPath } from './stored-path.js'
import type { UploadedFile } from './uploads.js'

/** What says what an artifact is, beside its files. */
const MANIFEST = 'artifact.json'

export interface ArtifactPlace {
  readonly name: string
  /** From 0. */
  readonly version: number
  readonly runDir: string
  readonly row: number
}

/**
 * The files of an artifact, each version in a directory of its own: `artifacts/<type>/<name>/v0/files/...`, and
 * `artifact.json`, which also names what is kept elsewhere.
 */
export function artifactFiles(value: ArtifactValue, place: ArtifactPlace): UploadedFile[] {
  const { name, version, runDir, row } = place
  const root = storedPath(`artifacts/${safePath(value.type)}/${safePath(name)}/v${version}`)
  const files = value.entries.flatMap((entry): UploadedFile[] => {
    if (entry.file === undefined) return []
    const { path, bytes, sha256 } = entry.file
    return [
      {
        path: `${root}/files/${storedPath(entry.path)}`,
        content: { path: join(runDir, path), bytes },
        sha256,
        row,
      },
    ]
  })
  const entries = value.entries.map((entry) =>
    entry.file === undefined
      ? { path: entry.path, reference: entry.reference, sha256: entry.sha256 }
      : { path: entry.path, ...storedAs(entry.path), bytes: entry.file.bytes, sha256: entry.file.sha256 },
  )
  const data = Buffer.from(`${JSON.stringify({ name, version, ...value, entries }, null, 2)}\n`, 'utf8')
  const sha256 = createHash('sha256').update(data).digest('hex')
  return [...files, { path: `${root}/${MANIFEST}`, content: { data, bytes: data.length }, sha256, row }]
}

/** Where the file is below `files/`, where that is not its path. */
function storedAs(path: string): { readonly stored?: string } {
  const stored = storedPath(path)
  return stored === path ? {} : { stored }
}
