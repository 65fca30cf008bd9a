import { MediaError } from '../../media/request.js'
import { LOG_LEVELS } from '../../record/log-line.js'
import type { MediaInput } from '../media/input.js'
import type { LogLine } from './types.js'

/** Puts lines into the input of a call; one with line breaks becomes several. Throws MediaError. */
export function fillLines(input: MediaInput, lines: readonly LogLine[]): void {
  if (!Array.isArray(lines)) throw new MediaError('give an array of { text, level, time }')
  const now = Date.now()
  const checked = (lines as readonly LogLine[]).flatMap((line) => {
    const { text, level = 'info', time = now } = line ?? {}
    if (typeof text !== 'string') throw new MediaError('the text of a line must be a string')
    if (!LOG_LEVELS.includes(level)) throw new MediaError(`a level must be one of ${LOG_LEVELS.join(', ')}`)
    if (!Number.isFinite(time)) throw new MediaError('the time of a line is a number of milliseconds')
    input.bytes += 2 * text.length
    return text.split('\n').map((part) => ({ time, text: part, level }))
  })
  input.set('stream', 'stdout').set('lines', checked)
}
