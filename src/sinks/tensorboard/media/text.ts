import { DATA_CLASS, pluginMetadata, type SummaryValue, stringTensor } from './summary.js'

const PLUGIN = 'text'
const METADATA = pluginMetadata(PLUGIN, DATA_CLASS.tensor)

/** A DT_STRING tensor of rank 0: markdown (plugins/text/summary_v2.py). */
export function encodeText(tag: string, text: string): SummaryValue {
  return { tag, plugin: PLUGIN, tensor: stringTensor([text]), metadata: METADATA }
}
