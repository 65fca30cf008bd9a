import { join } from 'node:path'
import type { ArtifactEntry, ArtifactValue } from '../../../record/updates.js'
import { type ArtifactOrigin, clientIds } from '../online/artifacts/identity.js'
import { digestOf, manifestDigest } from '../online/artifacts/manifest.js'
import { ARTIFACT, MANIFEST, MANIFEST_CONFIG, MANIFEST_ENTRY, RECORD } from './fields.js'
import { integerField, lengthField, textField } from './protobuf.js'
import { record } from './run-records.js'

/** Which run at W&B a version of an artifact comes from. */
export interface ArtifactRun {
  readonly runId: string
  /** Undefined: the default of whoever uploads the log. */
  readonly entity: string | undefined
  readonly project: string
}

/**
 * A version of an artifact. Whoever uploads the log reads its files where they are: in the run directory, which
 * `runDir` is the absolute path of.
 */
export function artifactRecord(
  num: number,
  name: string,
  value: ArtifactValue,
  run: ArtifactRun,
  origin: ArtifactOrigin,
  runDir: string,
): Buffer {
  const { entity = '', project, runId } = run
  const ids = clientIds({ entity, project, runId, storageId: '' }, origin)
  const { type, description, metadata, entries } = value
  const aliases = [...new Set([...value.aliases, 'latest'])]
  return record(
    num,
    RECORD.artifact,
    lengthField(ARTIFACT.runId, runId),
    lengthField(ARTIFACT.project, project),
    textField(ARTIFACT.entity, run.entity),
    lengthField(ARTIFACT.type, type),
    lengthField(ARTIFACT.name, name),
    lengthField(ARTIFACT.digest, manifestDigest(entries)),
    textField(ARTIFACT.description, description),
    textField(ARTIFACT.metadata, Object.keys(metadata).length > 0 ? JSON.stringify(metadata) : ''),
    ...aliases.map((alias) => lengthField(ARTIFACT.aliases, alias)),
    lengthField(ARTIFACT.manifest, ...manifestFields(entries, runDir)),
    integerField(ARTIFACT.finalize, 1),
    lengthField(ARTIFACT.clientId, ids.clientID),
    lengthField(ARTIFACT.sequenceClientId, ids.sequenceClientID),
    lengthField(ARTIFACT.digestAlgorithm, 'MANIFEST_MD5'),
  )
}

function manifestFields(entries: readonly ArtifactEntry[], runDir: string): Buffer[] {
  const layout = [
    lengthField(MANIFEST_CONFIG.key, 'storageLayout'),
    lengthField(MANIFEST_CONFIG.valueJson, '"V2"'),
  ]
  return [
    integerField(MANIFEST.version, 1),
    lengthField(MANIFEST.storagePolicy, 'wandb-storage-policy-v1'),
    lengthField(MANIFEST.storagePolicyConfig, ...layout),
    ...entries.map((entry) => lengthField(MANIFEST.contents, ...entryFields(entry, runDir))),
  ]
}

function entryFields(entry: ArtifactEntry, runDir: string): Buffer[] {
  const head = [
    lengthField(MANIFEST_ENTRY.path, entry.path),
    lengthField(MANIFEST_ENTRY.digest, digestOf(entry)),
  ]
  if (entry.file === undefined) {
    const size = entry.bytes === null ? [] : [integerField(MANIFEST_ENTRY.size, entry.bytes)]
    return [...head, lengthField(MANIFEST_ENTRY.ref, entry.reference), ...size]
  }
  return [
    ...head,
    integerField(MANIFEST_ENTRY.size, entry.file.bytes),
    lengthField(MANIFEST_ENTRY.localPath, join(runDir, entry.file.path)),
    // Else W&B's client copies each file into its cache.
    integerField(MANIFEST_ENTRY.skipCache, 1),
  ]
}
