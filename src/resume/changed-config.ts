import { isDeepStrictEqual } from 'node:util'
import { toJson } from '../record/to-json.js'

/** Equal as what run.json holds of them. */
export const isEqualJson = (a: object, b: object): boolean => isDeepStrictEqual(toJson(a), toJson(b))
