import { toJson } from '../record/to-json.js'
import { writeFileAtomic } from '../store/atomic-file.js'
import { isSecretName } from '../store/secret-name.js'
import { type PathSegment, pathText, withoutCredentials } from './describe.js'
import { isPlain } from './merge.js'
import type { RunOptions } from './options.js'
import { formatOf, loadYaml } from './parse-file.js'
import { hideSecrets } from './secrets.js'
import { resolveOptions } from './validate.js'

/** What `saveConfig()` did not write, by path: an option whose name says that it is secret. */
export interface SavedConfig {
  readonly leftOut: readonly string[]
}

/** See `saveConfig()` of files.ts. */
export function saveConfig(options: RunOptions, path: string): SavedConfig {
  const format = formatOf(path, 'options file')
  resolveOptions(options)
  const { value, leftOut } = withoutSecrets(options)
  const text = format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : loadYaml().stringify(value)
  writeFileAtomic(path, text)
  return { leftOut }
}

/** Options as plain JSON that may be shown and read again. */
export function withoutSecrets(options: object): { readonly value: unknown; readonly leftOut: string[] } {
  const leftOut: string[] = []
  return { value: clean(toJson(options), [], leftOut), leftOut }
}

function clean(value: unknown, path: readonly PathSegment[], leftOut: string[]): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value)) return value.map((item, index) => clean(item, [...path, index], leftOut))
  if (!isPlain(value)) return value
  const kept = Object.entries(value).filter(([name, item]) => {
    // Numbers are parameters: no secret is one.
    const secret = isSecret(name, path) && typeof item !== 'number' && typeof item !== 'boolean'
    if (secret && !isPlaceholder(item)) leftOut.push(pathText([...path, name]))
    return !secret || isPlaceholder(item)
  })
  return Object.fromEntries(kept.map(([name, item]) => [name, clean(item, [...path, name], leftOut)]))
}

/** Whoever has the address of a webhook, or its headers, may post to it. */
const isSecret = (name: string, [option]: readonly PathSegment[]): boolean =>
  isSecretName(name) || (option === 'alertTargets' && (name === 'url' || name === 'headers'))

const cleanText = (text: string): string =>
  hideSecrets(withoutCredentials(text).replaceAll('${', () => '$${'))

/** True for text that came out of the environment as a whole, and is written as its variable. */
const isPlaceholder = (value: unknown): boolean =>
  typeof value === 'string' && /^\$\{\w+\}$/.test(hideSecrets(value))
