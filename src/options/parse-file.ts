import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { OptionsError } from './errors.js'
import { jsonErrorLine } from './json-error.js'

/** The object in a .json, .yaml or .yml file. Blocks. Throws OptionsError; `role` says in it what the file is. */
export function readObject(path: string, role: string): Record<string, unknown> {
  const parse = parserFor(path, role)
  const value = parse(readText(path, role))
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new OptionsError(`${role} ${path} must hold one object at its top level: write "name: value" pairs`)
}

function readText(path: string, role: string): string {
  try {
    // A byte-order mark, which Windows editors write, is no JSON.
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new OptionsError(`${role} ${path} does not exist: check its path`)
    throw new OptionsError(`${role} ${path} cannot be read (${code}): check that it is a readable file`)
  }
}

function parserFor(path: string, role: string): (text: string) => unknown {
  const syntaxError = (kind: string, line: number, fix = 'correct the syntax there') =>
    new OptionsError(`${role} ${path} is not valid ${kind} at line ${line}: ${fix}`)
  if (formatOf(path, role) === 'json') {
    return (text) => {
      try {
        return JSON.parse(text)
      } catch {
        throw syntaxError('JSON', jsonErrorLine(text))
      }
    }
  }
  return (text) => {
    const yaml = loadYaml()
    let value: unknown
    try {
      // Only errors: a warning would be printed from the training thread. `<<` is YAML 1.1's, and used with anchors.
      value = yaml.parse(text, { logLevel: 'error', merge: true })
    } catch (error) {
      const { linePos, code } = error as { linePos?: { line: number }[]; code?: string }
      const line = linePos?.[0]?.line
      if (line !== undefined) throw syntaxError('YAML', line, YAML_FIXES[code ?? ''])
      // The parser has read it; what is wrong are aliases, and it does not say where.
      throw new OptionsError(`${role} ${path} is not valid YAML: ${ALIAS_FIX}`)
    }
    if (!containsItself(value)) return value
    throw new OptionsError(`${role} ${path} has an anchor that contains itself: write out what it stands for`)
  }
}

/** By the parser's codes; its sentences quote the file, which may hold secrets. */
const YAML_FIXES: { readonly [code: string]: string | undefined } = {
  TAB_AS_INDENT: 'indent with spaces, not with a tab',
  DUPLICATE_KEY: 'remove one of two options with the same name',
  BAD_INDENT: 'correct the indentation there',
  MULTIPLE_DOCS: 'leave one document, without a line "---"',
}

const ALIAS_FIX = 'give each alias (*name) an anchor (&name) above it, and use fewer than 100 values by alias'

function containsItself(value: unknown, ancestors: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (ancestors.includes(value)) return true
  const within = [...ancestors, value]
  return Object.values(value).some((item) => containsItself(item, within))
}

/** Of a file, by its extension. Throws OptionsError where it is another one. */
export function formatOf(path: string, role: string): 'json' | 'yaml' {
  switch (extname(path).toLowerCase()) {
    case '.json':
      return 'json'
    case '.yaml':
    case '.yml':
      return 'yaml'
    default:
      throw new OptionsError(`${role} ${path} has an unknown extension: use .json, .yaml or .yml`)
  }
}

/** Loaded for YAML files only: it takes longer to load than everything else in this folder. */
export function loadYaml(): typeof import('yaml') {
  return createRequire(import.meta.url)('yaml')
}
