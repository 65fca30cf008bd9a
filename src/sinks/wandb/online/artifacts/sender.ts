/** An artifact at W&B: created, its content uploaded, its manifest, committed. Order of calls: that of wandb 0.30.0. */
import { createHash } from 'node:crypto'
import { checkedValue, MediaFileError } from '../../../../media/checked-file.js'
import type { MediaRecordOf } from '../../../../record/media.js'
import type { ArtifactValue } from '../../../../record/updates.js'
import { orAborted } from '../../../background.js'
import { SinkError } from '../../../errors.js'
import { isDivisible } from '../../../http/pause.js'
import type { Transport } from '../http/transport.js'
import type { KnownRun } from '../run/bucket.js'
import type { GraphQl } from '../run/graphql.js'
import { ArtifactCalls, type CreatedArtifact } from './calls.js'
import { type ContentRoute, put, uploadContent } from './content.js'
import { type ArtifactOrigin, clientIds } from './identity.js'
import { manifestDigest, manifestJson } from './manifest.js'

export interface LoggedArtifact {
  readonly record: MediaRecordOf<'artifact'>
  readonly origin: ArtifactOrigin
  /** Of the record; W&B shows the version with the line of this `_step`, where there can be one. */
  readonly step: number
}

export interface ArtifactSenderSetup {
  readonly transport: Transport
  readonly graphql: GraphQl
  readonly run: KnownRun
  readonly runDir: string
  readonly key: () => string
}

/** Where it is asked for again while it is on its way. */
const LOOK_AGAIN_MS = 1000

/** What was found out here. */
const OWN_CODES = ['media-file', 'file-refused']

/** What is known of an artifact that is not committed. */
interface Progress {
  /** The server's id of it. */
  id: string
  /** See uploadContent(). */
  readonly births: Map<string, string>
  working: Promise<void> | null
}

/**
 * Sends artifacts. Goes on between the slices of a delivery, so that one that takes longer gets there too; what is up
 * is remembered until the artifact is committed. After a crash the same record makes the same version again: W&B
 * knows it by its ids.
 */
export class ArtifactSender {
  readonly #setup: ArtifactSenderSetup
  readonly #abort = new AbortController()
  /** By the client's id. */
  readonly #progress = new Map<string, Progress>()

  constructor(setup: ArtifactSenderSetup) {
    this.#setup = setup
  }

  /**
   * Resolves when the version is committed, or W&B has one with this content. Throws a SinkError that says what to do:
   * `reject` where W&B refuses it for good or its files are gone, `retry` where the signal aborts first.
   */
  async send(artifact: LoggedArtifact, signal: AbortSignal): Promise<void> {
    const { clientID } = clientIds(this.#setup.run, artifact.origin)
    const progress = this.#progress.get(clientID) ?? { id: '', births: new Map(), working: null }
    this.#progress.set(clientID, progress)
    if (progress.working === null) {
      progress.working = this.#work(artifact, progress).finally(() => {
        progress.working = null
      })
      // Where nobody waits any more: the next slice meets the same error.
      progress.working.catch(() => {})
    }
    const late = `the artifact "${artifact.record.name}" is still on its way`
    await orAborted(progress.working, signal, late, LOOK_AGAIN_MS)
    this.#progress.delete(clientID)
  }

  /** Ends what is on its way. */
  stop(): void {
    this.#abort.abort()
  }

  async #work(artifact: LoggedArtifact, progress: Progress): Promise<void> {
    const { transport, graphql, run, runDir, key } = this.#setup
    const { signal } = this.#abort
    const route = { transport, runDir, key: key(), signal }
    try {
      const value = checkedValue(runDir, artifact.record)
      const calls = new ArtifactCalls(graphql, run, route.key, signal)
      const created = await calls.create(inputOf(artifact, value, run))
      if (created.state === 'COMMITTED') return
      requirePending(created)
      if (created.id !== progress.id) progress.births.clear()
      progress.id = created.id
      const manifestId = await calls.beginManifest(created)
      const entries = value.entries.filter((entry) => entry.file !== undefined)
      const pending = { id: created.id, manifestId, entries }
      await uploadContent(route, calls, pending, progress.births)
      await putManifest(route, calls, created, manifestJson(value.entries, progress.births))
      await calls.commit(created.id)
    } catch (error) {
      throw failure(error)
    }
  }
}

/** What the delivery is to do about it. */
function failure(error: unknown): unknown {
  if (error instanceof MediaFileError) return new SinkError('reject', 'media-file', error.message)
  if (!isDivisible(error) || OWN_CODES.includes(error.code)) return error
  return new SinkError('reject', 'artifact-refused', error.message)
}

function inputOf({ record, origin, step }: LoggedArtifact, value: ArtifactValue, run: KnownRun) {
  const { type, description, metadata, aliases, entries } = value
  return {
    artifactTypeName: type,
    artifactCollectionName: record.name,
    digest: manifestDigest(entries),
    digestAlgorithm: 'MANIFEST_MD5',
    description: description ?? null,
    metadata: Object.keys(metadata).length === 0 ? null : JSON.stringify(metadata),
    historyStep: Number.isSafeInteger(step) && step >= 0 ? step : null,
    aliases: ['latest', ...aliases].map((alias) => ({ artifactCollectionName: record.name, alias })),
    enableDigestDeduplication: true,
    ...clientIds(run, origin),
  }
}

/** DELETED is what old servers call a version that is begun again. */
function requirePending({ state }: CreatedArtifact): void {
  if (state === 'PENDING' || state === 'DELETED') return
  throw new SinkError('retry', 'BAD_ANSWER', `the W&B server has an artifact in the state ${state}`)
}

async function putManifest(
  route: ContentRoute,
  calls: ArtifactCalls,
  artifact: CreatedArtifact,
  data: Buffer,
): Promise<void> {
  const md5 = createHash('md5').update(data).digest('base64')
  const content = { data, bytes: data.length }
  const refusal = await put(route, await calls.manifestTarget(artifact, md5), content)
  // An address may have been too old.
  const again = refusal && (await put(route, await calls.manifestTarget(artifact, md5), content))
  if (again !== null)
    throw new SinkError('reject', 'file-refused', `W&B refuses a manifest: ${again.message}`)
}
