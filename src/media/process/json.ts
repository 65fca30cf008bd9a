import { MediaError } from '../request.js'

/**
 * A copy that has only what JSON can hold, as `JSON.stringify()` sees it. `what` is in the singular: "the model".
 * Throws a MediaError where there is no JSON of it: it refers to itself, or holds bigints.
 */
export function asJson(value: unknown, what: string): unknown {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw new MediaError(`${what} is no JSON (${(error as Error).message.split('\n')[0]}): give plain values`)
  }
  return text === undefined ? undefined : JSON.parse(text)
}
