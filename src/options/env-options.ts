export type Env = { readonly [name: string]: string | undefined }

/** Options that an environment variable may hold. An empty variable counts as unset. */
export const ENV_OPTIONS = { dir: 'OFFSTEP_DIR', mode: 'OFFSTEP_MODE', preset: 'OFFSTEP_PRESET' } as const

/** What the environment says, by option. */
export function envOptions(env: Env): Record<string, string> {
  const set = Object.entries(ENV_OPTIONS).filter(([, variable]) => env[variable])
  return Object.fromEntries(set.map(([option, variable]) => [option, env[variable]!]))
}
