import { quote } from './describe.js'
import { OptionsError } from './errors.js'
import { isPlain, mergeOptions } from './merge.js'
import { didYouMean } from './suggest.js'

/**
 * The options of a file, with those of one of its `profiles` laid over them. Throws OptionsError where there is no
 * such profile.
 */
export function withProfile(
  path: string,
  content: Record<string, unknown>,
  profile: string | undefined,
): Record<string, unknown> {
  const { profiles, $schema: _, ...base } = content
  if (profiles !== undefined && !isPlain(profiles)) {
    throw new OptionsError(
      `options file ${path}: profiles must be an object: write "profiles: { dev: { ... } }"`,
    )
  }
  if (profile === undefined) return base
  const names = Object.keys(profiles ?? {})
  if (!names.includes(profile)) throw new OptionsError(noProfile(path, profile, names))
  const chosen = profiles![profile] ?? {}
  if (isPlain(chosen)) return mergeOptions(base, chosen) as Record<string, unknown>
  throw new OptionsError(`options file ${path}: profiles.${profile} must be an object of options`)
}

function noProfile(path: string, profile: string, names: readonly string[]): string {
  const has = names.length === 0 ? 'it has no profiles' : `it has ${names.map(quote).join(', ')}`
  return `options file ${path} has no profile ${quote(profile)}${didYouMean(profile, names)}: ${has} (OFFSTEP_PROFILE chooses one)`
}
