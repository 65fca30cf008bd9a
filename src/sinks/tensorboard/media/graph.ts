import type { GraphValue } from '../../../record/media.js'
import { inboundNodes, type KerasLayer, kerasModel } from './keras-model.js'
import { DATA_CLASS, pluginMetadata, type SummaryValue, stringTensor } from './summary.js'

const PLUGIN = 'graph_keras_model'
/** The version of the format, as text: without it the page passes the model over. */
const METADATA = pluginMetadata(PLUGIN, DATA_CLASS.blobSequence, Buffer.from('1'))

/** A DT_STRING tensor of shape [1]: the model's JSON, which the page "Graphs" shows as its conceptual graph. */
export function encodeGraph(tag: string, value: GraphValue): SummaryValue {
  const model = kerasModel(value)
  const json = JSON.stringify(model === null ? value.model : asKeras3(model))
  return { tag, plugin: PLUGIN, tensor: stringTensor([json], [1]), metadata: METADATA }
}

/** TensorBoard reads connections of Keras 3 only: those of Keras 2, and so of TensorFlow.js, would not be drawn. */
function asKeras3(layer: KerasLayer): KerasLayer {
  const { config } = layer
  const inbound = inboundNodes(layer)
  return {
    ...layer,
    config: {
      ...config,
      ...(layer.config.name === undefined && { name: layer.name! }),
      ...(config.layers !== undefined && { layers: config.layers.map(asKeras3) }),
    },
    ...(layer.inbound_nodes !== undefined && {
      inbound_nodes: inbound.length === 0 ? [] : [{ args: [inbound.map(kerasTensor)], kwargs: {} }],
    }),
  }
}

const kerasTensor = (history: readonly unknown[]): object => ({
  class_name: '__keras_tensor__',
  config: { keras_history: history },
})
