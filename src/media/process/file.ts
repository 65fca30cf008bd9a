import { checkPath } from '../../artifact/paths.js'
import { keepBytes, keepFile } from '../../artifact/store.js'
import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { describe } from './checks.js'

/** `name`: the file's path at the destinations. */
export function processFile(
  input: MediaInputs['file'],
  runDir: string,
  name: string,
): ProcessedMedia<'file'> {
  checkPath(name)
  const { path, bytes } = input as { readonly path?: unknown; readonly bytes?: unknown }
  if (bytes instanceof Uint8Array) return { value: { source: name }, file: keepBytes(runDir, bytes).file }
  if (typeof path !== 'string') {
    throw new MediaError(
      `the file is ${describe(path ?? bytes)}: give its path, or its bytes as a Uint8Array`,
    )
  }
  return { value: { source: path }, file: keepFile(runDir, path).file }
}
