/** What a checkpoint will hold, checked as a whole before anything is written. */
import { statSync } from 'node:fs'
import { checkDistinct, checkPath } from '../../artifact/paths.js'
import { type FoundFile, filesOf } from '../../artifact/walk.js'
import { MediaError } from '../../media/request.js'
import { CheckpointError } from '../errors.js'
import { MANIFEST } from '../manifest.js'
import type { CheckpointContent } from '../request.js'
import { type EncodedFile, encodeSafetensors } from '../safetensors/encode.js'
import type { CheckpointCompression } from '../types.js'

/** Copies of the user's files are in a directory of their own, so that no name of theirs is one of ours. */
export const FILES = 'files'

export const SUFFIXES: { readonly [Name in CheckpointCompression]: string } = {
  none: '',
  gzip: '.gz',
  brotli: '.br',
}

/** Paths are those within the checkpoint. */
export interface Contents {
  readonly tensorFiles: readonly { readonly path: string; readonly file: EncodedFile }[]
  readonly jsonFiles: readonly { readonly path: string; readonly bytes: Buffer }[]
  readonly copies: readonly FoundFile[]
  /** Of all of it, uncompressed; files that still grow may become more. */
  readonly bytes: number
}

/** Blocks: it looks at the user's files. Throws CheckpointError. */
export function contentsOf(content: CheckpointContent, compression: CheckpointCompression): Contents {
  const tensorFiles = content.tensorFiles.map((file) => ({
    path: `${file.path}${SUFFIXES[compression]}`,
    file: encodeSafetensors(file),
  }))
  const jsonFiles = content.jsonFiles.map(({ path, value }) => ({
    path,
    bytes: Buffer.from(`${JSON.stringify(value)}\n`),
  }))
  const copies = asCheckpointErrors(() => {
    const found = content.files.flatMap(({ path, source }) => filesOf(source, path))
    const copies = found.map(({ path, source }) => ({ path: `${FILES}/${path}`, source }))
    checkOwn(content.tensorFiles, '.safetensors')
    checkOwn(content.jsonFiles, '.json')
    checkDistinct([...tensorFiles, ...jsonFiles, ...copies])
    return copies
  })
  const sizes = [
    ...tensorFiles.map(({ file }) => file.bytes),
    ...jsonFiles.map(({ bytes }) => bytes.length),
    ...copies.map(({ source }) => statSync(source, { throwIfNoEntry: false })?.size ?? 0),
  ]
  return { tensorFiles, jsonFiles, copies, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) }
}

/** The reader tells the kinds apart by their names. */
function checkOwn(files: readonly { readonly path: string }[], suffix: string): void {
  for (const { path } of files) {
    const shown = JSON.stringify(checkPath(path))
    if (path === MANIFEST || path.split('/')[0] === FILES) {
      throw new CheckpointError(`the path ${shown} is taken in every checkpoint: give another one`)
    }
    if (!path.endsWith(suffix))
      throw new CheckpointError(`the path ${shown} has no ${suffix} at its end: add it`)
  }
}

/** What artifacts say of paths and sources holds for checkpoints in the same words. */
export function asCheckpointErrors<Result>(action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    throw error instanceof MediaError ? new CheckpointError(error.message, { cause: error }) : error
  }
}
