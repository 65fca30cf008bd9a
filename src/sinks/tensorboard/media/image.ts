import type { ImageValue } from '../../../record/media.js'
import { DATA_CLASS, pluginMetadata, type SummaryValue, stringTensor } from './summary.js'

const PLUGIN = 'images'
const METADATA = pluginMetadata(PLUGIN, DATA_CLASS.blobSequence)

/**
 * A DT_STRING tensor of shape [3]: width, height, the encoded picture (plugins/image/summary_v2.py). Captions have
 * no place there: a description belongs to a tag, not to one picture.
 */
export function encodeImage(tag: string, { width, height }: ImageValue, bytes: Uint8Array): SummaryValue {
  const tensor = stringTensor([`${width}`, `${height}`, bytes], [3])
  return { tag, plugin: PLUGIN, tensor, metadata: METADATA }
}
