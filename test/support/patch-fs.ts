import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** Functions of node:fs to put in place of the real ones, by name. */
export type FsOverrides = { readonly [Name in keyof typeof fs]?: unknown }

/**
 * Puts functions in the place of those of node:fs, for every module of this thread: for `fs.openSync`, and for
 * `import { openSync } from 'node:fs'`. Returns what puts the ones back that were there before. Patches may be
 * nested, and are then undone in the reverse order. Who wants the real function takes it before.
 */
export function patchFs(overrides: FsOverrides): () => void {
  const target = fs as unknown as Record<string, unknown>
  const names = Object.keys(overrides)
  const before = names.map((name) => target[name])
  Object.assign(target, overrides)
  syncBuiltinESMExports()
  return () => {
    for (const [index, name] of names.entries()) target[name] = before[index]
    syncBuiltinESMExports()
  }
}
