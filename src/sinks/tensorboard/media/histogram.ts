import type { HistogramValue } from '../../../record/media.js'
import { DATA_CLASS, DATA_TYPE, numberTensor, pluginMetadata, type SummaryValue } from './summary.js'

const PLUGIN = 'histograms'
const METADATA = pluginMetadata(PLUGIN, DATA_CLASS.tensor)
const COLUMNS = 3

/** A DT_DOUBLE tensor of shape [buckets, 3]: left edge, right edge, count (plugins/histogram/summary_v2.py). */
export function encodeHistogram(tag: string, { edges, counts }: HistogramValue): SummaryValue {
  const bytes = Buffer.allocUnsafe(counts.length * COLUMNS * 8)
  counts.forEach((count, bucket) => {
    const row = [edges[bucket]!, edges[bucket + 1]!, count]
    row.forEach((value, column) => {
      bytes.writeDoubleLE(value, (bucket * COLUMNS + column) * 8)
    })
  })
  const tensor = numberTensor(DATA_TYPE.double, [counts.length, COLUMNS], bytes)
  return { tag, plugin: PLUGIN, tensor, metadata: METADATA }
}
