import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createBrotliDecompress, createGunzip } from 'node:zlib'
import type { JsonValue } from '../../record/json.js'
import { CheckpointError, withSentence } from '../errors.js'
import { infoOf, type Manifest, readManifest } from '../manifest.js'
import { pump } from '../pump.js'
import type { NamedTensor } from '../request.js'
import { type DecodedFile, SafetensorsDecoder } from '../safetensors/decode.js'
import type { CheckpointInfo } from '../types.js'
import { chunksOf, problemsOf } from '../verify.js'
import { FILES } from '../write/contents.js'

/** A checkpoint in memory. Paths are those that were given when it was saved. */
export interface LoadedCheckpoint {
  readonly info: CheckpointInfo
  /** What the program had given as its state; null: none. */
  readonly state: JsonValue
  /** The tensors of a file such as `model.safetensors`, by name. Throws CheckpointError where there is no such file. */
  tensors(path: string): ReadonlyMap<string, NamedTensor>
  /** What the file's `__metadata__` says. */
  tensorMetadata(path: string): { readonly [name: string]: string }
  /** The value of a file such as `model.json`. Throws CheckpointError where there is no such file. */
  json(path: string): JsonValue
  /** Absolute path of a copied file, which has been verified. Throws CheckpointError where there is no such file. */
  file(path: string): string
}

const PREFIX = `${FILES}/`
const TENSORS = /\.safetensors(?:\.gz|\.br)?$/

/**
 * Verifies every file of a checkpoint by its hash, then reads its tensors and JSON into memory. Rejects with a
 * CheckpointError that names the file. Blocks its thread while it reads.
 */
export async function loadCheckpoint(directory: string): Promise<LoadedCheckpoint> {
  try {
    const [problem] = problemsOf(directory, 'hash')
    if (problem !== undefined) throw new CheckpointError(problem)
    return await new Loaded(readManifest(directory)).read()
  } catch (error) {
    throw withSentence(error, `The checkpoint in ${directory} cannot be read`)
  }
}

class Loaded implements LoadedCheckpoint {
  readonly info: CheckpointInfo
  readonly #tensors = new Map<string, DecodedFile>()
  readonly #json = new Map<string, JsonValue>()

  constructor(manifest: Manifest) {
    this.info = infoOf(manifest)
  }

  async read(): Promise<this> {
    for (const { path } of this.info.files) {
      const file = join(this.info.path, path)
      if (path.startsWith(PREFIX)) continue
      if (TENSORS.test(path)) this.#tensors.set(path.replace(/\.(gz|br)$/, ''), await decodeFile(file))
      else this.#json.set(path, JSON.parse(readFileSync(file, 'utf8')) as JsonValue)
    }
    return this
  }

  get state(): JsonValue {
    return this.info.state
  }

  tensors(path: string): ReadonlyMap<string, NamedTensor> {
    return this.#found(this.#tensors, path).tensors
  }

  tensorMetadata(path: string): { readonly [name: string]: string } {
    return this.#found(this.#tensors, path).metadata
  }

  json(path: string): JsonValue {
    return this.#found(this.#json, path)
  }

  file(path: string): string {
    const copies = this.info.files.filter((file) => file.path.startsWith(PREFIX))
    const paths = new Map(copies.map((file) => [file.path.slice(PREFIX.length), file.path]))
    return join(this.info.path, this.#found(paths, path))
  }

  #found<Value>(files: ReadonlyMap<string, Value>, path: string): Value {
    const found = files.get(path)
    if (found !== undefined) return found
    const there =
      files.size === 0 ? 'there are none of this kind' : `give one of ${[...files.keys()].join(', ')}`
    throw new CheckpointError(`The checkpoint in ${this.info.path} has no ${JSON.stringify(path)}: ${there}`)
  }
}

async function decodeFile(path: string): Promise<DecodedFile> {
  const decoder = new SafetensorsDecoder(path, null)
  const decompressor = path.endsWith('.gz')
    ? createGunzip()
    : path.endsWith('.br')
      ? createBrotliDecompress()
      : null
  if (decompressor === null) for (const chunk of chunksOf(path)) decoder.push(chunk)
  else {
    // A chunk is of a buffer that the file is read into again and again.
    const copies = map(chunksOf(path), (chunk) => Buffer.from(chunk))
    await pump(copies, decompressor, (chunk) => decoder.push(chunk))
  }
  return decoder.end()
}

function* map<From, To>(items: Iterable<From>, convert: (item: From) => To): Generator<To> {
  for (const item of items) yield convert(item)
}
