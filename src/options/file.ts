import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Env, envOptions } from './env-options.js'
import { OptionsError } from './errors.js'
import { isText } from './file-schema.js'
import { mergeOptions } from './merge.js'
import type { RunOptions } from './options.js'
import { readObject } from './parse-file.js'
import { withProfile } from './profiles.js'
import { substitute } from './substitute.js'

/** Where `readOptions()` looks in the working directory. */
export const FILE_NAMES = ['offstep.config.yaml', 'offstep.config.yml', 'offstep.config.json'] as const

export interface ReadOptions {
  /** One of the file's `profiles`. Default: `OFFSTEP_PROFILE`, else none. */
  readonly profile?: string | undefined
  /** Default: `process.env`. */
  readonly env?: Env
}

/** An options file as it was read: its profile laid over it, its placeholders filled. */
export interface OptionsFile {
  readonly path: string
  readonly profile: string | undefined
  readonly options: Record<string, unknown>
}

/** See `readOptions()` of files.ts. */
export function readOptions(path?: string, { profile, env = process.env }: ReadOptions = {}): RunOptions {
  const { options } = readOptionsFile(path ?? findFile(env), { profile, env })
  return mergeOptions(options, envOptions(env)) as RunOptions
}

/** The same without what the environment says beside the file. */
export function readOptionsFile(path: string, { profile, env = process.env }: ReadOptions): OptionsFile {
  const chosen = profile ?? (env.OFFSTEP_PROFILE || undefined)
  const content = withProfile(path, readObject(path, 'options file'), chosen)
  const options = filled(path, 'options file', content, env)
  if (typeof options.config === 'string') {
    const configPath = resolve(dirname(path), options.config)
    options.config = filled(configPath, 'config file', readObject(configPath, 'config file'), env, ['config'])
  }
  return { path, profile: chosen, options }
}

/** Of an options file that nobody has named; undefined where there is none. */
export function foundFile(env: Env, directory = process.cwd()): string | undefined {
  if (env.OFFSTEP_CONFIG) return env.OFFSTEP_CONFIG
  return FILE_NAMES.map((name) => join(directory, name)).find((path) => existsSync(path))
}

function findFile(env: Env): string {
  const found = foundFile(env)
  if (found !== undefined) return found
  throw new OptionsError(
    `there is no ${FILE_NAMES.join(', ')} in ${process.cwd()}: give a path, or set OFFSTEP_CONFIG`,
  )
}

function filled(
  path: string,
  role: string,
  content: Record<string, unknown>,
  env: Env,
  under: readonly string[] = [],
): Record<string, unknown> {
  const problems: string[] = []
  const options = substitute(content, {
    env,
    isText: (at) => isText([...under, ...at]),
    report: (at, problem) => problems.push(`${at} ${problem}`),
  })
  if (problems.length === 0) return options as Record<string, unknown>
  throw new OptionsError(`${role} ${path}:${problems.map((problem) => `\n  ${problem}`).join('')}`)
}
