/** W&B's GraphQL calls about artifacts: the queries are those of wandb 0.30.0. */
import { SinkError } from '../../../errors.js'
import { headersOf, type UploadTarget } from '../files/create-run-files.js'
import type { KnownRun } from '../run/bucket.js'
import { type GraphQl, type Part, textOf, type Variables } from '../run/graphql.js'

const CREATE_ARTIFACT =
  'mutation CreateArtifact ($input: CreateArtifactInput!) { createArtifact(input: $input) { artifact { id state artifactSequence { latestArtifact { id } } } } }'

const CREATE_MANIFEST =
  'mutation CreateArtifactManifest ($artifactID: ID!, $baseArtifactID: ID, $name: String!, $digest: String!, $entityName: String!, $projectName: String!, $runName: String!, $manifestType: ArtifactManifestType!, $includeUpload: Boolean!) { createArtifactManifest(input: {artifactID:$artifactID,baseArtifactID:$baseArtifactID,name:$name,digest:$digest,entityName:$entityName,projectName:$projectName,runName:$runName,type:$manifestType}) { artifactManifest { id file { id uploadUrl @include(if: $includeUpload) uploadHeaders @include(if: $includeUpload) } } } }'

const CREATE_FILES =
  'mutation CreateArtifactFiles ($input: CreateArtifactFilesInput!) { createArtifactFiles(input: $input) { files { edges { node { storagePath uploadUrl uploadHeaders artifact { id } } } } } }'

const COMMIT_ARTIFACT =
  'mutation CommitArtifact ($artifactID: ID!) { commitArtifact(input: {artifactID:$artifactID}) { artifact { id digest } } }'

const MANIFEST_NAME = 'wandb_manifest.json'

/** An artifact as the server knows it. */
export interface CreatedArtifact {
  readonly id: string
  readonly state: string
  /** The newest version that there is of it; null before the first. */
  readonly latestId: string | null
}

export interface FileToCreate {
  readonly path: string
  /** In base64. */
  readonly md5: string
}

export interface CreatedFile {
  /** The artifact that has brought this content first. */
  readonly birthId: string
  /** Null where the server has the content. */
  readonly target: UploadTarget | null
}

/** The calls that one artifact takes. Each throws a SinkError that says what to do. */
export class ArtifactCalls {
  readonly #graphql: GraphQl
  readonly #run: KnownRun
  readonly #key: string
  readonly #signal: AbortSignal

  constructor(graphql: GraphQl, run: KnownRun, key: string, signal: AbortSignal) {
    this.#graphql = graphql
    this.#run = run
    this.#key = key
    this.#signal = signal
  }

  /** `about`: fields of the input, but for the run's. */
  async create(about: Variables): Promise<CreatedArtifact> {
    const { entity, project, runId } = this.#run
    const input = { entityName: entity, projectName: project, runName: runId, ...about }
    const data = await this.#call('CreateArtifact', CREATE_ARTIFACT, { input })
    const artifact = data?.createArtifact?.artifact
    const latest = textOf(artifact?.artifactSequence?.latestArtifact?.id)
    return {
      id: said(artifact?.id, 'the id of the artifact'),
      state: said(artifact?.state, 'the state of the artifact'),
      latestId: latest === '' ? null : latest,
    }
  }

  /** Begins the list of the artifact's files; its id. */
  async beginManifest(artifact: CreatedArtifact): Promise<string> {
    const manifest = await this.#manifest(artifact, '', false)
    return said(manifest?.id, "the id of the artifact's manifest")
  }

  /** Where the finished list is to be PUT. `md5`: of it, in base64. */
  async manifestTarget(artifact: CreatedArtifact, md5: string): Promise<UploadTarget> {
    const manifest = await this.#manifest(artifact, md5, true)
    const { uploadUrl, uploadHeaders } = (manifest?.file ?? {}) as Variables
    return { url: said(uploadUrl, "where the artifact's manifest goes"), headers: headersOf(uploadHeaders) }
  }

  /** In the order of `files`. */
  async createFiles(
    artifactID: string,
    artifactManifestID: string,
    files: readonly FileToCreate[],
  ): Promise<CreatedFile[]> {
    const artifactFiles = files.map(({ path, md5 }) => ({ artifactID, artifactManifestID, name: path, md5 }))
    const input = { artifactFiles, storageLayout: 'V2' }
    const data = await this.#call('CreateArtifactFiles', CREATE_FILES, { input })
    const edges: unknown = data?.createArtifactFiles?.files?.edges
    if (Array.isArray(edges) && edges.length === files.length) return edges.map(createdFile)
    throw badAnswer("where the artifact's files go")
  }

  async commit(artifactID: string): Promise<void> {
    const data = await this.#call('CommitArtifact', COMMIT_ARTIFACT, { artifactID })
    said(data?.commitArtifact?.artifact?.id, 'that it has committed the artifact')
  }

  async #manifest({ id, latestId }: CreatedArtifact, digest: string, includeUpload: boolean): Promise<Part> {
    const { entity, project, runId } = this.#run
    const data = await this.#call('CreateArtifactManifest', CREATE_MANIFEST, {
      artifactID: id,
      baseArtifactID: latestId,
      name: MANIFEST_NAME,
      digest,
      entityName: entity,
      projectName: project,
      runName: runId,
      manifestType: 'FULL',
      includeUpload,
    })
    return data?.createArtifactManifest?.artifactManifest
  }

  #call(operation: string, query: string, variables: Variables): Promise<Part> {
    return this.#graphql.call(operation, query, variables, this.#key, this.#signal)
  }
}

function createdFile(edge: unknown): CreatedFile {
  const node = (edge as Part)?.node
  const { uploadUrl, uploadHeaders } = (node ?? {}) as Variables
  const url = textOf(uploadUrl)
  return {
    birthId: said(node?.artifact?.id, "which artifact has a file's content"),
    target: url === '' ? null : { url, headers: headersOf(uploadHeaders) },
  }
}

function said(value: unknown, what: string): string {
  const text = textOf(value)
  if (text !== '') return text
  throw badAnswer(what)
}

const badAnswer = (what: string): SinkError =>
  new SinkError('retry', 'BAD_ANSWER', `the W&B server did not say ${what}`)
