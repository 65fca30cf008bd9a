import * as v from 'valibot'
import type { PathSegment } from './describe.js'
import { type Env, envOptions } from './env-options.js'
import { jsonSchemaOf } from './json-schema.js'
import { isPlain, mergeOptions } from './merge.js'
import type { ResolvedOptions, ResolvedSink } from './options.js'
import { presetOptions } from './presets.js'
import { optionsSchema } from './schema.js'
import { BUILT_IN } from './sinks.js'
import { resolveOptions } from './validate.js'

/** Where options may come from; a later one wins over those before it. */
export const LAYERS = ['default', 'preset', 'file', 'environment', 'argument'] as const
export type Layer = (typeof LAYERS)[number]

export interface Layers {
  /** What an options file says: see `readOptionsFile()`. */
  readonly file?: Record<string, unknown>
  readonly env: Env
  readonly argument: Record<string, unknown>
}

/** One option that is in force. */
export interface ExplainedOption {
  readonly path: readonly PathSegment[]
  readonly value: unknown
  readonly from: Layer
}

/**
 * Every option that is in force, in the form in which `init()` takes it, and where it comes from. A default that
 * `init()` has no form for ("where the run is long enough") is left out. Throws OptionsError as `init()` does.
 */
export function explainOptions({ file = {}, env, argument }: Layers): ExplainedOption[] {
  const given = mergeOptions(mergeOptions(file, envOptions(env)), argument) as Record<string, unknown>
  const preset = presetOptions(given.preset, env) ?? {}
  const layers: { readonly [Name in Layer]?: unknown } = {
    preset,
    file,
    environment: envOptions(env),
    argument,
  }
  const whole = mergeOptions(preset, given) as Record<string, unknown>
  const resolved = shapeOf(resolveOptions(given, env))
  return Object.keys(jsonSchemaOf(optionsSchema).properties as object).flatMap((name) => {
    const usable = v.safeParse(optionsSchema, { [name]: resolved[name] }).success
    const value = usable && resolved[name] !== undefined ? resolved[name] : whole[name]
    return leaves([name], value).map((leaf) => ({ ...leaf, from: layerOf(leaf.path, layers) }))
  })
}

/** Resolved options in the form in which they are given. */
function shapeOf({ sinks, monitor, ...resolved }: ResolvedOptions): Record<string, unknown> {
  const { systemMs } = monitor
  const shape = {
    ...resolved,
    sinks: sinks.filter(isAsked).map(sinkShape),
    monitor: { system: systemMs === 0 ? false : { everyMs: systemMs } },
  }
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== null))
}

/** False for sinks that other options have made. */
const isAsked = ({ name, module }: ResolvedSink): boolean => module !== null || BUILT_IN.includes(name)

function sinkShape({ name, module, export: exported, options }: ResolvedSink): unknown {
  if (module !== null) return { module, name, export: exported, ...options }
  return Object.keys(options).length === 0 ? name : { type: name, ...options }
}

/** What stands at the ends of paths: arrays are values as a whole, as they are replaced as a whole. */
function leaves(path: PathSegment[], value: unknown): { path: PathSegment[]; value: unknown }[] {
  if (value === undefined) return []
  if (!isPlain(value) || Object.keys(value).length === 0) return [{ path, value }]
  return Object.entries(value).flatMap(([name, item]) => leaves([...path, name], item))
}

function layerOf(path: readonly PathSegment[], layers: { readonly [Name in Layer]?: unknown }): Layer {
  return LAYERS.findLast((layer) => says(layers[layer], path)) ?? 'default'
}

/** True where a layer has a value there, or one in place of what the path goes through. */
function says(layer: unknown, path: readonly PathSegment[]): boolean {
  let value = layer
  for (const segment of path) {
    if (!isPlain(value)) break
    value = value[segment]
  }
  return value !== undefined
}
