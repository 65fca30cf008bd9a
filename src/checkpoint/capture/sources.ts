import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorText } from '../../run/read-back.js'
import { CheckpointError } from '../errors.js'
import type { SourceFile } from '../request.js'
import type { PathLike } from './types.js'

export const isPath = (value: unknown): value is PathLike => typeof value === 'string' || value instanceof URL

/** One or many; whether they exist is found out where they are copied. Throws a CheckpointError. */
export function planSources(paths: PathLike | readonly PathLike[]): SourceFile[] {
  const list: readonly unknown[] = Array.isArray(paths) ? paths : [paths]
  if (list.length === 0)
    throw new CheckpointError('The list of files is empty: give the path of a file or a directory.')
  return list.map((path) => ({ path: null, source: absolute(path) }))
}

function absolute(path: unknown): string {
  if (path instanceof URL) return fromUrl(path)
  if (typeof path === 'string' && path !== '') return resolve(path)
  throw new CheckpointError(
    `A file of a checkpoint is ${path === '' ? 'an empty text' : `of the type ${path === null ? 'null' : typeof path}`}: give its path.`,
  )
}

function fromUrl(url: URL): string {
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw new CheckpointError(
      `A file of a checkpoint cannot be read from this URL, give a path: ${errorText(error)}`,
    )
  }
}
