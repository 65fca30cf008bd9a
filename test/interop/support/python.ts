import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { join } from 'node:path'

const HERE = join(import.meta.dirname, '..')

/** The interpreter that scripts/interop.mjs set up. */
export const PYTHON = join(HERE, '.venv', 'bin', 'python')

/** Runs Python to its end; throws, with all that it said, where it fails. */
export function python(...args: readonly string[]): SpawnSyncReturns<string> {
  const result = spawnSync(PYTHON, args, { cwd: HERE, encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (result.status === 0) return result
  throw new Error(`python ${args.join(' ')}: ${result.error ?? `exit ${result.status}`}\n${result.stderr}`)
}
