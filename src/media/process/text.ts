import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { describe } from './checks.js'

/** Markdown stays as it is. */
export function processText({ text }: MediaInputs['text']): ProcessedMedia<'text'> {
  if (typeof text !== 'string')
    throw new MediaError(`the text is ${describe(text)}: give a string of Markdown`)
  if (text === '') throw new MediaError('the text is empty: give at least one character')
  return { value: { text } }
}
