import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'

export function processArtifact(
  _input: MediaInputs['artifact'],
  _runDir: string,
): ProcessedMedia<'artifact'> {
  throw new MediaError('artifacts are not there yet')
}
