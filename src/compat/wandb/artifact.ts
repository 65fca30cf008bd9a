import { readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ArtifactSources } from '../../run/updates/types.js'
import { guarded } from './tell.js'

export interface ArtifactArgs {
  description?: string
  metadata?: { readonly [name: string]: unknown }
}

/** Files that belong together. What is in them is read moments after `logArtifact()`. */
export class Artifact {
  readonly name: string
  readonly type: string
  readonly description: string | undefined
  readonly metadata: { readonly [name: string]: unknown } | undefined
  readonly #sources: { [path: string]: string | Uint8Array } = {}

  constructor(name: string, type: string, { description, metadata }: ArtifactArgs = {}) {
    this.name = name
    this.type = type
    this.description = description
    this.metadata = metadata
  }

  /** By their path in the artifact. */
  get sources(): ArtifactSources {
    return this.#sources
  }

  /** `file`: a path, or bytes, which need a name. `name`: its path in the artifact; by default the file's name. */
  addFile(file: string | URL | Uint8Array, name?: string): void {
    guarded('Artifact.addFile', () => {
      if (file instanceof Uint8Array) {
        if (!name) throw new Error('give the name that the bytes are to have')
        this.#sources[name] = file
      } else {
        const local = file instanceof URL ? fileURLToPath(file) : file
        this.#sources[name ?? path.basename(local)] = path.resolve(local)
      }
    })
  }

  add_file(file: string | URL | Uint8Array, name?: string): void {
    this.addFile(file, name)
  }

  /** `name`: where its content is in the artifact; by default at the top. */
  addDir(directory: string | URL, name = ''): void {
    guarded('Artifact.addDir', () => {
      const local = directory instanceof URL ? fileURLToPath(directory) : directory
      for (const entry of readdirSync(local)) {
        this.#sources[path.posix.join(name, entry)] = path.resolve(local, entry)
      }
    })
  }

  add_dir(directory: string | URL, name?: string): void {
    this.addDir(directory, name)
  }
}
