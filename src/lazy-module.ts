import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * A module of ours that is loaded when it is first used, and synchronously, as `init()` is: of what `import 'offstep'`
 * costs, most is the number of files. `path`: from this directory. Calls after the first cost nothing.
 *
 * `require()` loads ES modules since Node 20.19, and gives the same instance as `import` does.
 */
export function lazyModule<Module>(path: string): () => Module {
  let module: Module | undefined
  return () => {
    module ??= load(path) as Module
    return module
  }
}

function load(path: string): unknown {
  const require = createRequire(import.meta.url)
  const beside = fileURLToPath(new URL(path, import.meta.url))
  try {
    return require(beside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
  }
  // This file is in somebody's bundle (or was compiled by a test): the package is not far.
  return require(join(dirname(require.resolve('offstep/package.json')), 'dist/src', path))
}
