import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'

export function processFile(_input: MediaInputs['file'], _runDir: string): ProcessedMedia<'file'> {
  throw new MediaError('files are not there yet')
}
