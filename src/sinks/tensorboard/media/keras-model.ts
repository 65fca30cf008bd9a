import type { GraphValue } from '../../../record/media.js'

/** A layer of a Keras model's JSON, or a model among layers; what is not there is what other versions leave out. */
export interface KerasLayer {
  readonly class_name: string
  readonly name?: string
  readonly config: {
    readonly name?: string
    readonly layers?: readonly KerasLayer[]
    readonly input_layers?: readonly unknown[]
    readonly output_layers?: readonly unknown[]
  }
  readonly inbound_nodes?: readonly unknown[]
}

/** Where a layer takes an input from: the layer's name, which of its calls, which of its outputs. */
export type InboundNode = readonly [name: string, call: number, output: number]

/** The model as a tree of layers; null where it is none of layers with names. */
export function kerasModel({ model }: GraphValue): KerasLayer | null {
  return isModel(model) ? model : null
}

export const layerName = ({ name, config }: KerasLayer): string => config.name ?? name!

/** Of Keras 2 (and TensorFlow.js), `[[["name", 0, 0, {}], ...], ...]`, or of Keras 3, calls with their arguments. */
export function inboundNodes({ inbound_nodes: nodes = [] }: KerasLayer): InboundNode[] {
  return nodes.flatMap((node) => (Array.isArray(node) ? nodesIn(node) : historiesIn(node)))
}

/** `["name", 0, 0]`, or a list of such. */
export function nodesIn(given: unknown): InboundNode[] {
  if (!Array.isArray(given)) return []
  const [name, call, output] = given as unknown[]
  if (typeof name !== 'string') return given.flatMap(nodesIn)
  return [[name, Number(call ?? 0), Number(output ?? 0)]]
}

/** Keras 3: each tensor among the arguments says where it comes from. */
function historiesIn(given: unknown): InboundNode[] {
  if (typeof given !== 'object' || given === null) return []
  const { keras_history: history, ...rest } = given as Record<string, unknown>
  return [...nodesIn(history), ...Object.values(rest).flatMap(historiesIn)]
}

function isModel(given: unknown): given is KerasLayer {
  return isLayer(given) && isList(given.config.layers) && given.config.layers.every(isNode)
}

const isNode = (layer: unknown): boolean =>
  isLayer(layer) && (layer.config.layers === undefined || isModel(layer))

function isLayer(given: unknown): given is KerasLayer {
  if (!isObject(given) || !isObject(given.config)) return false
  const { class_name: className, inbound_nodes: inbound, config } = given
  const named = typeof config.name === 'string' || typeof given.name === 'string'
  return named && typeof className === 'string' && (inbound === undefined || isList(inbound))
}

const isList = (given: unknown): given is readonly unknown[] => Array.isArray(given)

const isObject = (given: unknown): given is Record<string, unknown> =>
  typeof given === 'object' && given !== null && !Array.isArray(given)
