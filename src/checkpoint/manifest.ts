/**
 * `checkpoint.json`: what a checkpoint is, and the size and SHA-256 of each of its files. It is written last, and
 * carries a checksum of itself (sealed-json.ts).
 */
import { join } from 'node:path'
import { checkPath } from '../artifact/paths.js'
import { CheckpointError, withSentence } from './errors.js'
import type { BestRule } from './ranking.js'
import { readSealedJson, sealJson } from './sealed-json.js'
import type { CheckpointFile, CheckpointInfo } from './types.js'

export const MANIFEST = 'checkpoint.json'
/** Raised when a reader of the old version could misread a new file; new fields alone do not raise it. */
const FORMAT = 1

/** What lists have of each checkpoint: all but its files and the program's state, which may be large. */
export interface CheckpointEntry extends Omit<CheckpointInfo, 'files' | 'state'> {
  /** By what the run told its best checkpoint when this one was saved; null: by what the program said. */
  readonly bestBy: BestRule | null
}

export interface Manifest extends CheckpointInfo, CheckpointEntry {}

export function manifestText(manifest: Manifest): string {
  const { path: _path, metrics, ...rest } = manifest
  return sealJson({ format: FORMAT, ...rest, metrics: metricsToJson(metrics) }, 2)
}

/** Throws CheckpointError where there is none, or it is damaged or of a newer offstep. Blocks. */
export function readManifest(directory: string): Manifest {
  const path = join(directory, MANIFEST)
  const { sha256: _seal, format, ...rest } = readSealed(path)
  if (typeof format === 'number' && format > FORMAT) {
    throw new CheckpointError(
      `${path} has format ${format}, and this offstep reads ${FORMAT}: update offstep`,
    )
  }
  const manifest = rest as unknown as Manifest
  if (format !== FORMAT || !Number.isSafeInteger(manifest.step) || !isManifest(manifest)) {
    throw new CheckpointError(`${path} is not the ${MANIFEST} of an offstep checkpoint: check the directory`)
  }
  for (const file of manifest.files) checkFilePath(path, file)
  return { ...manifest, path: directory, metrics: metricsFromJson(manifest.metrics) }
}

function isManifest({ files, metrics }: Manifest): boolean {
  return typeof metrics === 'object' && metrics !== null && Array.isArray(files)
}

function readSealed(path: string): { readonly [name: string]: unknown } {
  try {
    return readSealedJson(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new CheckpointError(`${path} is not there: use another checkpoint`, { cause: error })
    }
    throw withSentence(error, `${path} cannot be read`)
  }
}

/** Whoever gave us the checkpoint may have written it: its files are in it, and nowhere else. */
function checkFilePath(path: string, file: CheckpointFile): void {
  try {
    checkPath(file.path)
  } catch (cause) {
    throw new CheckpointError(`${path} names files outside of the checkpoint: do not use it`, { cause })
  }
}

export const entryOf = ({ files: _files, state: _state, ...entry }: Manifest): CheckpointEntry => entry

export function infoOf({ bestBy: _bestBy, ...info }: Manifest): CheckpointInfo {
  return info
}

type Metrics = CheckpointInfo['metrics']

/** JSON has no form for NaN and infinities: they are texts. */
export function metricsToJson(metrics: Metrics): { [name: string]: number | string } {
  return mapMetrics(metrics, (value) => (Number.isFinite(value) ? value : String(value)))
}

/** As in the JSON, or numbers already. */
export function metricsFromJson(metrics: { readonly [name: string]: unknown }): Metrics {
  return mapMetrics(metrics, Number)
}

const mapMetrics = <From, To>(metrics: { readonly [name: string]: From }, map: (value: From) => To) =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, map(value)]))
