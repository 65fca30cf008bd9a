import { describe, isRecord } from '../media/process/checks.js'
import { MediaError } from '../media/request.js'
import type { JsonObject } from '../record/json.js'
import { toJson } from '../record/to-json.js'

/** What is said of an artifact, checked. */
export interface ArtifactAbout {
  readonly type: string
  readonly description?: string
  readonly metadata: JsonObject
  readonly aliases: readonly string[]
}

const NAME = /^[A-Za-z0-9._-]{1,128}$/
/** Letters of any language, but what has a meaning in W&B's paths. */
const WORD = /^[^/:]{1,128}$/
/** As W&B's clients have it. */
const MAX_METADATA_KEYS = 100
const DEFAULT_TYPE = 'file'

/** Throws a MediaError that names the rule. */
export function checkName(name: unknown): string {
  if (typeof name === 'string' && NAME.test(name)) return name
  const fix = 'give 1 to 128 letters (a to z), digits, "-", "_" and "."'
  throw new MediaError(`the artifact's name is ${describe(name)}: ${fix}`)
}

/** Throws a MediaError that names the rule. */
export function checkAbout(about: unknown): ArtifactAbout {
  if (!isRecord(about)) throw new MediaError(`the options are ${describe(about)}: give { name, type }`)
  const { type = DEFAULT_TYPE, description, metadata = {}, aliases = [] } = about
  if (description !== undefined && typeof description !== 'string') {
    throw new MediaError(`the description is ${describe(description)}: give a string`)
  }
  return {
    type: checkType(type),
    ...(description === undefined ? {} : { description: description.toWellFormed() }),
    metadata: checkMetadata(metadata),
    aliases: checkAliases(aliases),
  }
}

function checkType(type: unknown): string {
  if (typeof type !== 'string' || !WORD.test(type)) {
    throw new MediaError(`the type is ${describe(type)}: give 1 to 128 characters without "/" and ":"`)
  }
  if (type !== 'job' && !type.startsWith('wandb-')) return type.toWellFormed()
  throw new MediaError(`the type ${describe(type)} is W&B's own: give another one, "model" or "dataset" say`)
}

function checkMetadata(metadata: unknown): JsonObject {
  if (!isRecord(metadata)) {
    throw new MediaError(`the metadata are ${describe(metadata)}: give an object of names and values`)
  }
  const keys = Object.keys(metadata).length
  if (keys > MAX_METADATA_KEYS) {
    throw new MediaError(`the metadata have ${keys} names: give ${MAX_METADATA_KEYS} at most`)
  }
  try {
    return toJson(metadata) as JsonObject
  } catch (error) {
    if (error instanceof RangeError)
      throw new MediaError('the metadata contain themselves: give plain values')
    throw new MediaError(`the metadata are no JSON (${(error as Error).message}): give plain values`)
  }
}

/** Without `latest`, which is every version's, and none twice. */
function checkAliases(aliases: unknown): string[] {
  if (!Array.isArray(aliases)) {
    throw new MediaError(`the aliases are ${describe(aliases)}: give an array of strings`)
  }
  const wrong = aliases.find((alias) => typeof alias !== 'string' || !WORD.test(alias))
  if (wrong !== undefined || aliases.includes(undefined)) {
    throw new MediaError(`an alias is ${describe(wrong)}: give 1 to 128 characters without "/" and ":"`)
  }
  const number = aliases.find((alias: string) => /^v\d+$/.test(alias))
  if (number !== undefined) {
    throw new MediaError(`an alias is ${describe(number)}, which is a version's own name: give another one`)
  }
  return [...new Set(aliases.map((alias: string) => alias.toWellFormed()))].filter(
    (alias) => alias !== 'latest',
  )
}
