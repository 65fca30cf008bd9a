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
  const syntaxError = (kind: string, line: number) =>
    new OptionsError(`${role} ${path} is not valid ${kind} at line ${line}: correct the syntax there`)
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
    try {
      // Only errors: a warning would be printed from the training thread.
      return yaml.parse(text, { logLevel: 'error' })
    } catch (error) {
      throw syntaxError('YAML', (error as { linePos?: { line: number }[] }).linePos?.[0]?.line ?? 1)
    }
  }
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
