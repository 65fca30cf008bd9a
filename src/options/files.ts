/** Options files, for the package: what reads and writes them is loaded when it is called. */
import { lazyModule } from '../lazy-module.js'
import type { ReadOptions } from './file.js'
import type { RunOptions } from './options.js'
import type { SavedConfig } from './save.js'

export type { ReadOptions, SavedConfig }

const reading = lazyModule<typeof import('./file.js')>('options/file.js')
const saving = lazyModule<typeof import('./save.js')>('options/save.js')

/**
 * Reads the options of `init()` from a .json, .yaml or .yml file; without a path, from the one that `OFFSTEP_CONFIG`
 * names, else from `offstep.config.yaml`, `.yml` or `.json` in the working directory. `${NAME}` and
 * `${NAME:-default}` stand for environment variables. OFFSTEP_DIR, OFFSTEP_MODE and OFFSTEP_PRESET win over the file.
 * A `config` that is a string is the path of another such file, relative to this one, and is replaced by what that
 * holds. Reads synchronously, so call it before training; does not check the options: `init()` does.
 *
 * Throws OptionsError where a file is missing, of another kind, not parsable, or not an object; where it has no such
 * profile; and where an environment variable is missing.
 */
export function readOptions(path?: string, options: ReadOptions = {}): RunOptions {
  return reading().readOptions(path, options)
}

/**
 * Writes options to a .json, .yaml or .yml file that `readOptions()` reads. Secrets are left out: options that are
 * named like one, and passwords in URLs; what came out of the environment as `${NAME}` is written so again. Values
 * that JSON has no form for (dates, bigints, NaN) are text. The file is replaced as a whole.
 *
 * Synchronous, and blocks: call it before training. Throws OptionsError for options that `init()` would refuse, and the
 * errors of the file system.
 */
export function saveConfig(options: RunOptions, path: string): SavedConfig {
  return saving().saveConfig(options, path)
}
