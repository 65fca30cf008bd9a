/** References: files of an artifact that are not copied, but named by a URI. */
import { createHash } from 'node:crypto'
import { realpathSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, isRecord } from '../media/process/checks.js'
import { MediaError } from '../media/request.js'
import type { ReferenceEntry } from '../record/updates.js'
import { isSecretName } from '../store/secret-name.js'
import { hashFile } from './copy.js'
import { checkPath } from './paths.js'
import { fromSource } from './source.js'
import { filesOf } from './walk.js'

const MAX_URI_CHARACTERS = 4096
/** Shorter than this is a drive letter. */
const SCHEME = /^[a-z][a-z0-9+.-]+:/i
const FIX = 'give a URI: "file:///data/x.bin", "s3://bucket/key" or "https://..."'

/** What the user says of a file that stays where it is, checked. */
interface Reference {
  readonly url: URL
  readonly checksum: boolean
  readonly bytes: number | null
  readonly digest: string | undefined
}

/**
 * The entries of one reference: one, or for a local directory one for each file in it and below. Local files are looked
 * at, and hashed unless `checksum` is false; nothing is asked of the network. `name`: as in `filesOf()`. Throws a
 * MediaError that names the rule. Blocks.
 */
export function referenceEntries(given: unknown, name: string | null): ReferenceEntry[] {
  const reference = checkReference(given)
  if (reference.url.protocol === 'file:') return localEntries(reference, name)
  const { url, bytes, digest } = reference
  const path = checkPath(name ?? lastSegment(url))
  return [{ path, reference: url.href, bytes, sha256: null, digest: digest ?? url.href }]
}

function checkReference(given: unknown): Reference {
  if (!isRecord(given)) throw new MediaError(`the reference is ${describe(given)}: ${FIX}`)
  const { reference, checksum = true, bytes = null, digest } = given
  if (typeof checksum !== 'boolean') {
    throw new MediaError(`checksum is ${describe(checksum)}: give true or false`)
  }
  if (bytes !== null && !(Number.isSafeInteger(bytes) && (bytes as number) >= 0)) {
    throw new MediaError(`the reference's bytes are ${describe(bytes)}: give its size, a whole number`)
  }
  if (digest !== undefined && (typeof digest !== 'string' || digest === '')) {
    throw new MediaError(`the reference's digest is ${describe(digest)}: give a text, its ETag say`)
  }
  return { url: checkUri(reference), checksum, bytes: bytes as number | null, digest }
}

function checkUri(given: unknown): URL {
  if (typeof given !== 'string' || !SCHEME.test(given) || !URL.canParse(given)) {
    throw new MediaError(`the reference is ${describe(given)}: ${FIX}`)
  }
  if (given.length > MAX_URI_CHARACTERS) {
    throw new MediaError(`the reference has ${given.length} characters: give ${MAX_URI_CHARACTERS} at most`)
  }
  const url = new URL(given)
  // It is written to the journal, and goes to every destination: the message must not show it either.
  if (url.username !== '' || url.password !== '') {
    throw new MediaError('the reference has a user name or password in it: give it without')
  }
  const secret = [...url.searchParams.keys()].find(isSecretName)
  if (secret === undefined) return url
  throw new MediaError(
    `the reference has ${JSON.stringify(secret)} in it, which is a secret: give it without`,
  )
}

function localEntries(reference: Reference, name: string | null): ReferenceEntry[] {
  const local = pathOf(reference.url)
  const isDirectory = fromSource(local, () => statSync(local)).isDirectory()
  return filesOf(local, name).map(({ path, source }) => {
    const uri = isDirectory ? pathToFileURL(source).href : reference.url.href
    const bytes = fromSource(source, () => statSync(source)).size
    if (!reference.checksum)
      return { path, reference: uri, bytes, sha256: null, digest: digestOfPath(source) }
    const content = hashFile(source)
    return { path, reference: uri, bytes: content.bytes, sha256: content.sha256, digest: content.md5 }
  })
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url)
  } catch {
    throw new MediaError(`the reference is ${describe(url.href)}: give the path of a file of this machine`)
  }
}

/** What stands for a file that is not to be read: as W&B's client has it, MD5 of its URI, in base64. */
function digestOfPath(path: string): string {
  const uri = pathToFileURL(fromSource(path, () => realpathSync(path))).href
  return createHash('md5').update(uri).digest('base64')
}

function lastSegment(url: URL): string {
  const last = basename(url.pathname)
  if (last === '')
    throw new MediaError(`the reference ${describe(url.href)} has no file's name: give it a path`)
  try {
    return decodeURIComponent(last)
  } catch {
    // No encoding of anything: it is the name itself.
    return last
  }
}
