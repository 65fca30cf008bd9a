import { int64Field } from '../../protobuf/encoding.js'
import { DATA_CLASS, pluginMetadata, type SummaryValue, stringTensor } from './summary.js'

const PLUGIN = 'audio'
const WAV = 11
/** AudioPluginData: its encoding. */
const METADATA = pluginMetadata(PLUGIN, DATA_CLASS.blobSequence, int64Field(2, WAV))

/**
 * A DT_STRING tensor of shape [1]: the WAV file. Labels, which TensorBoard's own writer has beside it, are shown by no
 * version, and its Python reader takes them out only where the data class is missing.
 */
export function encodeAudio(tag: string, bytes: Uint8Array): SummaryValue {
  return { tag, plugin: PLUGIN, tensor: stringTensor([bytes], [1]), metadata: METADATA }
}
