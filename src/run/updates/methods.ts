import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MediaError } from '../../media/request.js'
import type { MediaInput } from '../media/input.js'
import { MediaMethods } from '../media/methods.js'
import { plainOf } from '../media/plain.js'
import { fillLines } from './lines.js'
import type {
  AlertOptions,
  ArtifactOptions,
  ArtifactReference,
  ArtifactSource,
  ArtifactSources,
  LogLine,
  MetricOptions,
  RunUpdates,
  SaveFileOptions,
} from './types.js'

/** The updates of a run, each put into one shape for `logMedia()`: see MediaMethods. */
export abstract class UpdateMethods extends MediaMethods implements RunUpdates {
  updateConfig(values: { readonly [name: string]: unknown }): void {
    this.#update('config', 'config', (input) => input.set('values', plainOf(values)))
  }

  updateSummary(values: { readonly [name: string]: unknown }): void {
    this.#update('summary', 'summary', (input) => input.set('values', plainOf(values)))
  }

  defineMetric(name: string, options?: MetricOptions): void {
    this.#update('metric', name, (input) => input.set('definition', plainOf(options)))
  }

  alert(options: AlertOptions): void {
    this.#update('alert', 'alert', (input) => input.set('alert', plainOf(options)))
  }

  logLines(lines: readonly LogLine[]): void {
    this.#update('console', 'console', (input) => fillLines(input, lines))
  }

  saveFile(file: string | URL | Uint8Array, { as }: SaveFileOptions = {}): void {
    const name = as ?? (file instanceof Uint8Array ? '' : String(file).split(/[/\\]/).at(-1)!)
    this.#update('file', name, (input) => {
      if (file instanceof Uint8Array) input.numbers('bytes', file)
      else input.set('path', pathOf(file))
    })
  }

  artifact(source: ArtifactSource | ArtifactSources, options: ArtifactOptions): void {
    this.#update('artifact', options?.name, (input) => {
      const sources: [string | null, ArtifactSource][] = isSource(source)
        ? [[null, source]]
        : Object.entries(source)
      const files = sources.map(([name, part]) => ({ name, ...sourceOf(part) }))
      input.set('files', files).set('about', plainOf(options))
    })
  }

  #update(
    kind: 'config' | 'summary' | 'metric' | 'alert' | 'console' | 'file' | 'artifact',
    name: string,
    fill: (input: MediaInput) => unknown,
  ): void {
    this.logMedia({ kind, name, step: undefined, fill: (input) => void fill(input) })
  }
}

const isSource = (source: unknown): source is ArtifactSource =>
  typeof source === 'string' || source instanceof URL || source instanceof Uint8Array || isReference(source)

const isReference = (source: unknown): source is ArtifactReference =>
  typeof source === 'object' && source !== null && 'reference' in source

/** Copied: the caller may change what it gave. */
function sourceOf(source: ArtifactSource) {
  if (source instanceof Uint8Array) return { bytes: source.slice() }
  if (!isReference(source)) return { path: pathOf(source) }
  const { reference, checksum, bytes, digest } = source
  return { reference: plainOf({ reference: String(reference), checksum, bytes, digest }) }
}

/** Absolute: the working directory may be another one by the time the file is read. */
function pathOf(path: unknown): string {
  if (path instanceof URL) return fileURLToPath(path)
  if (typeof path === 'string' && path !== '') return resolve(path)
  throw new MediaError('give the path of a file')
}
