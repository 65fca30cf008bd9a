import { MediaError } from '../../media/request.js'
import { LOG_LEVELS } from '../../record/log-line.js'
import type { MediaInput } from '../media/input.js'
import type { LogLine } from './types.js'

/**
 * Puts lines into the input of a call; one with line breaks becomes several, and one that is none is left out. Throws
 * MediaError where no line is left.
 */
export function fillLines(input: MediaInput, lines: readonly LogLine[]): void {
  if (!Array.isArray(lines)) throw new MediaError('give an array of { text, level, time }')
  const now = Date.now()
  const checked = (lines as readonly LogLine[]).flatMap((line) => {
    const { text, level = 'info', time = now } = line ?? {}
    const problem = problemOf({ text, level, time })
    if (problem !== null) {
      input.refuse(problem)
      return []
    }
    input.bytes += 2 * text.length
    return text.split('\n').map((part) => ({ time, text: part, level }))
  })
  if (checked.length === 0 && input.refused > 0) throw new MediaError(input.whyRefused)
  input.set('stream', 'stdout').set('lines', checked)
}

function problemOf({ text, level, time }: Required<LogLine>): string | null {
  if (typeof text !== 'string') return 'the text of a line must be a string'
  if (!LOG_LEVELS.includes(level)) return `a level must be one of ${LOG_LEVELS.join(', ')}`
  return Number.isFinite(time) ? null : 'the time of a line is a number of milliseconds'
}
