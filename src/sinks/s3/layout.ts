/** What a run's artifacts and saved files are called in a bucket, and what the manifests say. */
import { FILES } from '../../artifact/store.js'
import { LATEST } from '../../artifact/versions.js'
import type { MediaRecordOf } from '../../record/media.js'
import type { ArtifactEntry, ArtifactValue } from '../../record/updates.js'
import { type Content, fileContent, jsonContent } from './content.js'
import type { S3Head } from './state.js'

export interface RunPlace {
  /** `<prefix>/<project>/<run id>/` */
  readonly prefix: string
  readonly runDir: string
  readonly run: { readonly project: string; readonly id: string; readonly name: string }
}

export interface ArtifactCall {
  readonly name: string
  readonly value: ArtifactValue
  readonly step: number
  /** Milliseconds since the epoch. */
  readonly time: number
}

/** The files that an artifact's run directory has, each content once. */
export function contentsOf({ prefix, runDir }: RunPlace, { entries }: ArtifactValue): Content[] {
  const byHash = new Map<string, Content>()
  for (const { file } of entries) {
    if (file === undefined) continue
    byHash.set(file.sha256, fileContent(`${prefix}${FILES}/${file.sha256}`, runDir, file, true))
  }
  return [...byHash.values()]
}

/** `artifacts/<name>/v<k>.json`: a function of the record that made the version, so that it is the same again. */
export function manifestOf(place: RunPlace, call: ArtifactCall, { version, digest }: S3Head): Content {
  const { type, description = null, metadata, entries } = call.value
  return jsonContent(`${place.prefix}artifacts/${call.name}/v${version}.json`, {
    name: call.name,
    version,
    type,
    description,
    metadata,
    digest,
    run: place.run,
    step: call.step,
    time: new Date(call.time).toISOString(),
    entries: entries.map(entryOf),
  })
}

function entryOf(entry: ArtifactEntry): object {
  if (entry.file === undefined) return entry
  const { bytes, sha256 } = entry.file
  return { path: entry.path, bytes, sha256, content: `${FILES}/${sha256}` }
}

/** `artifacts/<name>/aliases.json`: which version each alias stands for. The one object that changes. */
export function aliasesOf({ prefix }: RunPlace, name: string, { version, aliases }: S3Head): Content {
  const named = [[LATEST, version] as const, ...aliases].map(([alias, of]) => [alias, `v${of}`])
  return jsonContent(`${prefix}artifacts/${name}/aliases.json`, Object.fromEntries(named))
}

export const savedFileOf = ({ prefix, runDir }: RunPlace, record: MediaRecordOf<'file'>): Content =>
  fileContent(`${prefix}files/${record.name}`, runDir, record.file, false)
