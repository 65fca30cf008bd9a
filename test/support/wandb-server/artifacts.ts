import { createHash } from 'node:crypto'
import type http from 'node:http'
import { type Answer, data, failure, type GraphqlContext, type Variables } from './graphql.js'

/** What a client is told to send with each content, beside its MD5. */
const CONTENT_TYPE = 'application/octet-stream'

interface ManifestEntry {
  readonly digest: string
  readonly size: number
  readonly birthArtifactID?: string
  /** Of a file that W&B does not have. */
  readonly ref?: string
}

export interface StoredManifest {
  readonly version: number
  readonly storagePolicy: string
  readonly storagePolicyConfig: { readonly storageLayout: string }
  readonly contents: { readonly [path: string]: ManifestEntry }
}

/** A version of an artifact, pending or committed. */
export interface StoredArtifact {
  readonly id: string
  readonly entity: string
  readonly project: string
  readonly runId: string
  readonly collection: string
  readonly type: string
  readonly clientID: string
  readonly digest: string
  readonly description: string | null
  readonly metadata: unknown
  readonly historyStep: number | null
  readonly aliases: Set<string>
  state: 'PENDING' | 'COMMITTED'
  /** MD5 of its files, in base64, by path. */
  readonly files: Map<string, string>
  manifestMd5: string | null
  manifest: StoredManifest | null
}

/** An address that was given out, and what is to be PUT there. */
interface Ticket {
  readonly artifact: StoredArtifact
  readonly md5: string
  readonly isManifest: boolean
}

/**
 * Artifacts of all projects. A content is kept once, under the artifact that has brought it; an artifact with the
 * digest of a committed one of its name is that one. What no client should do is noted in `errors`.
 */
export class Artifacts {
  readonly all: StoredArtifact[] = []
  readonly errors: string[] = []
  /** Contents that were PUT: by their MD5 in base64, which artifacts have brought them, and their bytes. */
  readonly contents = new Map<string, { readonly births: Set<string>; readonly bytes: Buffer }>()
  /** How often each path of a file was PUT, in all. */
  puts = 0
  readonly #tickets = new Map<string, Ticket>()
  #given = 0
  #created = 0

  get committed(): StoredArtifact[] {
    return this.all.filter(({ state }) => state === 'COMMITTED')
  }

  /** Addresses that were given out so far are refused with 403. */
  expire(): void {
    this.#tickets.clear()
  }

  /** Versions that are not committed are gone, as W&B has it after a while. */
  forgetPending(): void {
    const { committed } = this
    this.all.splice(0, this.all.length, ...committed)
  }

  create(input: Variables): Answer {
    const { clientID, digest, entityName, projectName, artifactCollectionName, artifactTypeName } = input
    const given = [clientID, digest, projectName, artifactCollectionName, artifactTypeName]
    // `wandb sync` names no entity for a log without one: W&B takes that for the key's own.
    if (typeof entityName !== 'string' || given.some((value) => typeof value !== 'string' || value === ''))
      return refused('a field is missing')
    if (input.digestAlgorithm !== 'MANIFEST_MD5') return refused('unknown digest algorithm')
    const sameName = this.all.filter(
      ({ entity, project, collection }) =>
        entity === entityName && project === projectName && collection === artifactCollectionName,
    )
    if (sameName.some(({ type }) => type !== artifactTypeName)) {
      return refused(`artifact ${String(artifactCollectionName)} is of another type already`)
    }
    const mine = sameName.find((artifact) => artifact.clientID === clientID)
    if (mine !== undefined && mine.digest !== digest) this.#error(`${mine.id}: one clientID, two digests`)
    const equal = sameName.find((artifact) => artifact.state === 'COMMITTED' && artifact.digest === digest)
    const known = mine ?? (input.enableDigestDeduplication === true ? equal : undefined)
    const artifact = known ?? this.#add(input)
    this.#name(artifact, sameName, input.aliases)
    const latest = sameName.filter(({ state }) => state === 'COMMITTED').at(-1)
    const artifactSequence = { latestArtifact: latest === undefined ? null : { id: latest.id } }
    return data({
      createArtifact: { artifact: { id: artifact.id, state: artifact.state, artifactSequence } },
    })
  }

  createManifest(variables: Variables, uploadUrl: (ticket: string) => string): Answer {
    const { artifactID, name, digest, manifestType, includeUpload } = variables
    const artifact = this.#find(artifactID)
    if (artifact === undefined) return refused(`no artifact ${String(artifactID)}`)
    if (artifact.state === 'COMMITTED') this.#error(`${artifact.id}: a manifest for a committed artifact`)
    if (name !== 'wandb_manifest.json' || manifestType !== 'FULL')
      return refused('a manifest of another kind')
    artifact.manifestMd5 = String(digest)
    const ticket = this.#ticket({ artifact, md5: String(digest), isManifest: true })
    const address = includeUpload === true ? addressOf(uploadUrl(ticket), String(digest)) : {}
    return data({
      createArtifactManifest: {
        artifactManifest: { id: `manifest-${artifact.id}`, file: { id: 'file', ...address } },
      },
    })
  }

  createFiles({ input }: Variables, uploadUrl: (ticket: string) => string): Answer {
    const { artifactFiles, storageLayout } = input as Variables
    if (storageLayout !== 'V2') return refused('a storage layout of another kind')
    const edges = (artifactFiles as Variables[]).map(({ artifactID, artifactManifestID, name, md5 }) => {
      const artifact = this.#find(artifactID)
      if (artifact === undefined || artifactManifestID !== `manifest-${artifact.id}`) return null
      if (artifact.state === 'COMMITTED') this.#error(`${artifact.id}: a file for a committed artifact`)
      artifact.files.set(String(name), String(md5))
      const known = this.contents.get(String(md5))
      const ticket = this.#ticket({ artifact, md5: String(md5), isManifest: false })
      const address = known === undefined ? addressOf(uploadUrl(ticket), String(md5)) : { uploadUrl: null }
      const [birthId = artifact.id] = known?.births ?? []
      const owner = { artifact: { id: birthId } }
      return {
        node: { storagePath: `wandb_artifacts/${String(md5)}`, uploadHeaders: [], ...address, ...owner },
      }
    })
    if (edges.includes(null)) return refused('a file of no artifact')
    return data({ createArtifactFiles: { files: { edges } } })
  }

  put(ticket: string, headers: http.IncomingHttpHeaders, body: Buffer): Answer {
    const given = this.#tickets.get(ticket)
    if (given === undefined) return failure(403, 'the address has expired')
    if (headers['content-length'] === undefined) this.#error('a content was PUT without its length')
    if (headers['content-md5'] !== given.md5)
      this.#error('a content was PUT without the MD5 that was asked for')
    if (headers['content-type'] !== CONTENT_TYPE) this.#error('a content was PUT without its upload header')
    if (md5Of(body) !== given.md5) return failure(400, 'the MD5 is of other bytes')
    if (given.isManifest) given.artifact.manifest = JSON.parse(body.toString()) as StoredManifest
    else {
      this.puts++
      const { births } = this.contents.get(given.md5) ?? { births: new Set() }
      this.contents.set(given.md5, { births: births.add(given.artifact.id), bytes: body })
    }
    return { status: 200, body: {} }
  }

  commit({ artifactID }: Variables): Answer {
    const artifact = this.#find(artifactID)
    if (artifact === undefined) return refused(`no artifact ${String(artifactID)}`)
    this.#check(artifact)
    artifact.state = 'COMMITTED'
    return data({ commitArtifact: { artifact: { id: artifact.id, digest: artifact.digest } } })
  }

  #add(input: Variables): StoredArtifact {
    const { metadata, description, historyStep } = input
    const artifact: StoredArtifact = {
      id: Buffer.from(`Artifact:${++this.#created}`).toString('base64'),
      entity: String(input.entityName),
      project: String(input.projectName),
      runId: String(input.runName),
      collection: String(input.artifactCollectionName),
      type: String(input.artifactTypeName),
      clientID: String(input.clientID),
      digest: String(input.digest),
      description: typeof description === 'string' ? description : null,
      metadata: typeof metadata === 'string' ? JSON.parse(metadata) : null,
      historyStep: typeof historyStep === 'number' ? historyStep : null,
      aliases: new Set(),
      state: 'PENDING',
      files: new Map(),
      manifestMd5: null,
      manifest: null,
    }
    this.all.push(artifact)
    return artifact
  }

  /** An alias is one version's: the newest that has asked for it. */
  #name(artifact: StoredArtifact, sameName: readonly StoredArtifact[], aliases: unknown): void {
    for (const { artifactCollectionName, alias } of (aliases ?? []) as Variables[]) {
      if (artifactCollectionName !== artifact.collection) this.#error(`an alias of ${artifactCollectionName}`)
      for (const other of sameName) other.aliases.delete(String(alias))
      artifact.aliases.add(String(alias))
    }
  }

  /** Everything that it names is there, and is what its digest says. */
  #check({ id, manifest, files, digest }: StoredArtifact): void {
    if (manifest === null) {
      this.#error(`${id} was committed without a manifest`)
      return
    }
    const paths = Object.keys(manifest.contents)
    const hash = createHash('md5').update('wandb-artifact-manifest-v1\n')
    for (const path of paths.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
      const entry = manifest.contents[path]!
      hash.update(`${path}:${entry.digest}\n`)
      if (entry.ref !== undefined) {
        if (files.has(path)) this.#error(`${id}: ${path} is a reference, and was uploaded`)
        continue
      }
      const content = this.contents.get(entry.digest)
      if (content === undefined) this.#error(`${id} was committed without ${path}`)
      else if (content.bytes.length !== entry.size) this.#error(`${id}: ${path} has another size`)
      if (content?.births.has(entry.birthArtifactID ?? '') === false)
        this.#error(`${id}: ${path} comes from elsewhere`)
      if (files.get(path) !== entry.digest) this.#error(`${id}: ${path} was never asked for`)
    }
    if (hash.digest('hex') !== digest) this.#error(`${id}: the manifest has another digest`)
    const uploaded = paths.filter((path) => manifest.contents[path]!.ref === undefined).length
    if (files.size !== uploaded) this.#error(`${id}: ${files.size} files, ${uploaded} in the manifest`)
  }

  #find(id: unknown): StoredArtifact | undefined {
    return this.all.find((artifact) => artifact.id === id)
  }

  #ticket(ticket: Ticket): string {
    const name = `a${this.#given++}`
    this.#tickets.set(name, ticket)
    return name
  }

  #error(text: string): void {
    this.errors.push(text)
  }
}

/** Before an artifact is logged, the Python client asks whether its name is one of another type. */
export function artifactType(): Answer {
  return data({ project: { artifact: null } })
}

export function createArtifact({ input }: Variables, { backend }: GraphqlContext): Answer {
  return backend.artifacts.create(input as Variables)
}

export function createArtifactManifest(variables: Variables, context: GraphqlContext): Answer {
  return context.backend.artifacts.createManifest(variables, context.artifactUrl)
}

export function createArtifactFiles(variables: Variables, context: GraphqlContext): Answer {
  return context.backend.artifacts.createFiles(variables, context.artifactUrl)
}

export function commitArtifact(variables: Variables, { backend }: GraphqlContext): Answer {
  return backend.artifacts.commit(variables)
}

const addressOf = (uploadUrl: string, md5: string): object => ({
  uploadUrl,
  uploadHeaders: [`Content-MD5:${md5}`, `Content-Type:${CONTENT_TYPE}`],
})

const md5Of = (body: Buffer): string => createHash('md5').update(body).digest('base64')

/** As W&B says it: in a 200. */
const refused = (message: string): Answer => ({ status: 200, body: { errors: [{ message }], data: null } })
