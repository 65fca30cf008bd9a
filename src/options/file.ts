import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, resolve } from 'node:path'
import { OptionsError } from './errors.js'
import { jsonErrorLine } from './json-error.js'
import type { RunOptions } from './options.js'

/**
 * Reads the options of `init()` from a .json, .yaml or .yml file. A `config` that is a string is the path of
 * another such file, relative to this one, and is replaced by what that holds. Reads synchronously, so call it
 * before training; does not check the options: `init()` does.
 *
 * Throws OptionsError where a file is missing, of another kind, not parsable, or not an object.
 */
export function readOptions(path: string): RunOptions {
  const options = readObject(path, 'options file')
  if (typeof options.config !== 'string') return options
  return { ...options, config: readObject(resolve(dirname(path), options.config), 'config file') }
}

function readObject(path: string, role: string): Record<string, unknown> {
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
  switch (extname(path).toLowerCase()) {
    case '.json':
      return (text) => {
        try {
          return JSON.parse(text)
        } catch {
          throw syntaxError('JSON', jsonErrorLine(text))
        }
      }
    case '.yaml':
    case '.yml':
      return (text) => {
        const yaml = loadYaml()
        try {
          // Only errors: a warning would be printed from the training thread.
          return yaml.parse(text, { logLevel: 'error' })
        } catch (error) {
          throw syntaxError('YAML', (error as { linePos?: { line: number }[] }).linePos?.[0]?.line ?? 1)
        }
      }
    default:
      throw new OptionsError(`${role} ${path} has an unknown extension: use .json, .yaml or .yml`)
  }
}

/** Loaded for YAML files only: it takes longer to load than everything else in this folder. */
function loadYaml(): typeof import('yaml') {
  return createRequire(import.meta.url)('yaml')
}
