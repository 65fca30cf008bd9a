import { join } from 'node:path'
import type { KeptEntry } from '../../../../record/updates.js'
import { eachOf } from '../../../background.js'
import { SinkError } from '../../../errors.js'
import type { Content } from '../../../http/content.js'
import { isDivisible } from '../../../http/pause.js'
import type { UploadTarget } from '../files/create-run-files.js'
import { confirmedUpload } from '../http/answers.js'
import type { Transport } from '../http/transport.js'
import type { ArtifactCalls } from './calls.js'

/** For so many an address is asked for at once; they are valid for a while only. */
const FILES_PER_CALL = 50
/** As many as there are connections. */
const AT_ONCE = 4

/** How content gets to W&B's store of files. */
export interface ContentRoute {
  readonly transport: Transport
  readonly runDir: string
  readonly key: string
  readonly signal: AbortSignal
}

/** An artifact that is not committed yet. */
export interface PendingArtifact {
  readonly id: string
  readonly manifestId: string
  /** Without references, which W&B gets no content of. */
  readonly entries: readonly KeptEntry[]
}

/**
 * Uploads the content that the server does not have. `births` gets the artifact that has brought it first, by path, of
 * each file that is there, and keeps those from being uploaded again. Throws a `reject` SinkError where W&B refuses a
 * file for good, or it is gone.
 */
export async function uploadContent(
  route: ContentRoute,
  calls: ArtifactCalls,
  artifact: PendingArtifact,
  births: Map<string, string>,
): Promise<void> {
  const left = artifact.entries.filter(({ path }) => !births.has(path))
  for (let from = 0; from < left.length; from += FILES_PER_CALL) {
    const part = left.slice(from, from + FILES_PER_CALL)
    const refused = await uploadPart(route, calls, { ...artifact, entries: part }, births)
    // An address may have been too old by its turn.
    const again = { ...artifact, entries: [...refused.keys()] }
    const still = refused.size > 0 ? await uploadPart(route, calls, again, births) : refused
    for (const [{ path }, { message }] of still) {
      throw new SinkError(
        'reject',
        'file-refused',
        `W&B refuses the file ${JSON.stringify(path)}: ${message}`,
      )
    }
  }
}

/** The files whose address was refused. */
async function uploadPart(
  route: ContentRoute,
  calls: ArtifactCalls,
  { id, manifestId, entries }: PendingArtifact,
  births: Map<string, string>,
): Promise<Map<KeptEntry, SinkError>> {
  const created = await calls.createFiles(id, manifestId, entries)
  const refused = new Map<KeptEntry, SinkError>()
  await eachOf([...entries.entries()], AT_ONCE, async ([index, entry]) => {
    const { birthId, target } = created[index]!
    const { path, bytes } = entry.file
    const content = { path: join(route.runDir, path), bytes }
    const refusal = target === null ? null : await put(route, target, content)
    if (refusal === null) births.set(entry.path, birthId)
    else refused.set(entry, refusal)
  })
  return refused
}

/** Null where the store has it now; else why it refuses what comes with this address. */
export async function put(
  { transport, key, signal }: ContentRoute,
  { url, headers }: UploadTarget,
  content: Content,
): Promise<SinkError | null> {
  try {
    confirmedUpload(await transport.put(url, content, headers, signal), key)
    return null
  } catch (error) {
    if (!isDivisible(error) || error.code === 'media-file') throw error
    return error
  }
}
