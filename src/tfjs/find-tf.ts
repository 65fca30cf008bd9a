import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Tf, TfCore, TfLayers } from './types.js'

/** Packages that hold, or bring, tfjs-layers; in the order in which an application's own is looked for. */
const PACKAGES = [
  '@tensorflow/tfjs-layers',
  '@tensorflow/tfjs',
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs-node-gpu',
]
const CORE_FILE = /[\\/]@tensorflow[\\/]tfjs-core[\\/]/
const LAYERS_FILE = /[\\/]@tensorflow[\\/]tfjs-layers[\\/]/

/** No TensorFlow.js was found, or what was given as `tf` is none. */
export class TfError extends Error {
  readonly code = 'OFFSTEP_TFJS'
  readonly retryable = false

  constructor(message: string) {
    super(message)
    this.name = 'TfError'
  }
}

const require = createRequire(import.meta.url)

/**
 * The application's copy of TensorFlow.js: callbacks must be of the very class that its `model.fit()` knows.
 *
 * The copy that is loaded already is taken: by then the application has a model. `import` and `require` give the
 * same one in Node, as tfjs is CommonJS there. Throws TfError, at set-up time only.
 */
export function findTf(given?: object): Tf {
  if (given !== undefined) return check(given)
  const file = loaded(LAYERS_FILE, isLayers) ?? resolvedLayers()
  if (file === null) {
    throw new TfError(
      "TensorFlow.js was not found. Install @tensorflow/tfjs, or hand over your copy: `import * as tf from '@tensorflow/tfjs'`, then `{ tf }` in the options.",
    )
  }
  return withCore(file)
}

/** Only the core, which an application may have without layers. */
export function findCore(given?: object): TfCore {
  if (given !== undefined) return checkCore(given)
  const core = loaded(CORE_FILE, isCore)
  return core === null ? findTf() : checkCore(require(core) as object)
}

function loaded(path: RegExp, fits: (exported: unknown) => boolean): string | null {
  for (const [file, module] of Object.entries(require.cache)) {
    if (module?.loaded === true && path.test(file) && fits(module.exports)) return file
  }
  return null
}

function resolvedLayers(): string | null {
  const script = process.argv[1]
  const places = [script, join(process.cwd(), 'index.js')].filter((place) => place !== undefined)
  for (const place of places) {
    if (place === script && !existsSync(place)) continue
    const fromPlace = createRequire(place)
    for (const name of PACKAGES) {
      const file = resolve(fromPlace, name)
      if (file !== null) return file
    }
  }
  return null
}

function resolve(from: NodeJS.Require, name: string): string | null {
  try {
    return from.resolve(name)
  } catch {
    // Not installed there: the next package, or the next place, may be.
    return null
  }
}

/** Layers, and the core that these layers use. */
function withCore(file: string): Tf {
  const layers = require(file) as object
  const core = resolve(createRequire(file), '@tensorflow/tfjs-core')
  return check(core === null ? layers : { ...(require(core) as object), ...layers })
}

const CORE_CALLS = ['tidy', 'keep', 'concat', 'reshape', 'cast', 'isNaN', 'isInf', 'square', 'sum'] as const

const isCore = (value: unknown): value is TfCore =>
  CORE_CALLS.every((name) => typeof (value as Partial<TfCore> | null)?.[name] === 'function')

const isLayers = (value: unknown): value is TfLayers =>
  typeof (value as Partial<TfLayers> | null)?.Callback === 'function'

function check(tf: object): Tf {
  const core = checkCore(tf)
  if (!isLayers(core)) throw wrong('Callback')
  return core as Tf
}

function checkCore(tf: object): TfCore {
  if (isCore(tf)) return tf
  throw wrong(CORE_CALLS.find((name) => typeof (tf as Partial<TfCore> | null)?.[name] !== 'function')!)
}

const wrong = (name: string): TfError =>
  new TfError(
    `\`tf\` has no "${name}": give the whole of @tensorflow/tfjs, or { ...core, ...layers } of @tensorflow/tfjs-core and @tensorflow/tfjs-layers.`,
  )
