/**
 * A Keras model as a GraphDef (tensorflow/core/framework/graph.proto), which the page "Graphs" shows without being
 * asked: a node per layer, with the layer's class for its operation. Nodes are named and connected as those of
 * TensorBoard's conceptual graph (plugins/graph/keras_util.py), but not put under the model's own name, where the
 * page would hide them all in one box.
 */
import type { GraphValue } from '../../../record/media.js'
import { bytesField, int64Field } from '../../protobuf/encoding.js'
import { inboundNodes, type KerasLayer, kerasModel, layerName, nodesIn } from './keras-model.js'

interface Node {
  readonly name: string
  readonly layer: KerasLayer
  readonly inputs: readonly string[]
}

/** GraphDef.versions.producer: any that readers take. */
const PRODUCER = 22

/** Null where the model is none of layers. */
export function encodeGraphDef(value: GraphValue): Buffer | null {
  const model = kerasModel(value)
  if (model === null) return null
  const nodes: Node[] = []
  addModel(model, '', [], nodes)
  return Buffer.concat([...nodes.map(encodeNode), bytesField(4, int64Field(1, PRODUCER))])
}

function encodeNode({ name, layer, inputs }: Node): Buffer {
  const inputFields = [...new Set(inputs)].map((input) => bytesField(3, input))
  const attribute = bytesField(
    5,
    bytesField(1, 'keras_class'),
    bytesField(2, bytesField(2, layer.class_name)),
  )
  return bytesField(1, bytesField(1, name), bytesField(2, layer.class_name), ...inputFields, attribute)
}

/** Adds a model's layers, fed by `inputs`, with `scope` before their names; returns the names of the nodes that its outputs come from. */
function addModel(model: KerasLayer, scope: string, inputs: readonly string[], nodes: Node[]): string[] {
  const { layers = [], input_layers: inputLayers = [], output_layers: outputLayers } = model.config
  const isSequential = layers.every((layer) => layer.inbound_nodes === undefined)
  const fed = new Map(nodesIn(inputLayers).map(([name], index) => [name, inputs.slice(index, index + 1)]))
  const outputs = new Map<string, readonly string[]>()
  let previous = inputs
  for (const layer of layers) {
    const name = layerName(layer)
    const feeds = isSequential
      ? previous
      : [...(fed.get(name) ?? []), ...inboundNodes(layer).map((from) => outputOf(scope, outputs, from))]
    previous = addLayer(layer, `${scope}${name}`, feeds, nodes)
    outputs.set(name, previous)
  }
  if (isSequential || outputLayers === undefined) return [...previous]
  return nodesIn(outputLayers).map((from) => outputOf(scope, outputs, from))
}

function addLayer(
  layer: KerasLayer,
  name: string,
  inputs: readonly string[],
  nodes: Node[],
): readonly string[] {
  if (layer.config.layers !== undefined) return addModel(layer, `${name}/`, inputs, nodes)
  nodes.push({ name, layer, inputs })
  return [name]
}

/** A layer has one node, whichever of its outputs is meant; a model has one per output. */
function outputOf(
  scope: string,
  outputs: ReadonlyMap<string, readonly string[]>,
  [name, , output]: readonly [string, number, number],
): string {
  const known = outputs.get(name)
  return known?.[output] ?? known?.[0] ?? `${scope}${name}`
}
