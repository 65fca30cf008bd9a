/**
 * `${NAME}` and `${NAME:-default}` in the texts of an options file. The default holds also where the variable is
 * empty; `$${` is a `${` that stays. A value that is one placeholder and nothing else becomes a number, a boolean or
 * null where the variable looks like one, except where the option must be text.
 */

import { isSecretName } from '../store/secret-name.js'
import type { PathSegment } from './describe.js'
import { pathText } from './describe.js'
import type { Env } from './env-options.js'
import { rememberSecret } from './secrets.js'

/** Every `${`, with what follows where that is a placeholder. */
const PLACEHOLDER = /\$\$\{|\$\{(?:([A-Za-z_]\w*)(?::-([^}]*))?\})?/g
const WHOLE = /^\$\{[A-Za-z_]\w*(?::-[^}]*)?\}$/
const WORDS: { readonly [word: string]: unknown } = { true: true, false: false, null: null }

export interface SubstituteOptions {
  readonly env: Env
  /** True for the paths whose values stay text. */
  readonly isText: (path: readonly PathSegment[]) => boolean
  /** Told of each placeholder that cannot be filled, by the path of its value. */
  readonly report: (path: string, problem: string) => void
}

/** A copy of `value` with every placeholder filled. */
export function substitute(
  value: unknown,
  options: SubstituteOptions,
  path: readonly PathSegment[] = [],
): unknown {
  if (typeof value === 'string') return fill(value, options, path)
  if (Array.isArray(value)) return value.map((item, index) => substitute(item, options, [...path, index]))
  // YAML has dates, say, which hold no placeholder.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  const entries = Object.entries(value).map(
    ([key, item]) => [key, substitute(item, options, [...path, key])] as const,
  )
  return Object.fromEntries(entries)
}

function fill(
  text: string,
  { env, isText, report }: SubstituteOptions,
  path: readonly PathSegment[],
): unknown {
  const filled = text.replace(
    PLACEHOLDER,
    (found, name: string | undefined, fallback: string | undefined) => {
      if (found === '$${') return '${'
      if (name === undefined) {
        report(
          pathText(path),
          'has a "\u0024{" that begins no placeholder: write \u0024{NAME}, \u0024{NAME:-default}, or $\u0024{ for the characters themselves',
        )
        return found
      }
      const value = env[name]
      if (value === undefined || (value === '' && fallback !== undefined)) {
        if (fallback !== undefined) return fallback
        report(
          pathText(path),
          `needs the environment variable ${name}, which is not set: set it, or write \${${name}:-default}`,
        )
        return found
      }
      rememberSecret(name, value)
      return value
    },
  )
  const secret = path.some((segment) => typeof segment === 'string' && isSecretName(segment))
  return WHOLE.test(text) && !secret && !isText(path) ? scalarOf(filled) : filled
}

/** Only where nothing of the text is lost by it: `007` and `1e999` stay as they are. */
function scalarOf(text: string): unknown {
  if (Object.hasOwn(WORDS, text)) return WORDS[text]
  const number = Number(text)
  const canonical = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(text) && Number.isFinite(number)
  return canonical && (!/^-?\d+$/.test(text) || Number.isSafeInteger(number)) ? number : text
}
