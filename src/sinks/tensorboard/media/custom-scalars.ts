import type { CustomScalarsValue } from '../../../record/media.js'
import { bytesField, int64Field } from '../../protobuf/encoding.js'
import { DATA_CLASS, pluginMetadata, type SummaryValue, stringTensor } from './summary.js'

const PLUGIN = 'custom_scalars'
/** The one tag that the plugin looks for (plugins/custom_scalar/metadata.py). */
export const CUSTOM_SCALARS_TAG = 'custom_scalars__config__'
const METADATA = pluginMetadata(PLUGIN, DATA_CLASS.tensor)

type Category = CustomScalarsValue['categories'][number]
type Chart = Category['charts'][number]

/** The page's layout (plugins/custom_scalar/layout.proto) as a string of rank 0. */
export function encodeCustomScalars({ categories }: CustomScalarsValue): SummaryValue {
  const layout = Buffer.concat(categories.map(encodeCategory))
  return { tag: CUSTOM_SCALARS_TAG, plugin: PLUGIN, tensor: stringTensor([layout]), metadata: METADATA }
}

function encodeCategory({ title, charts, closed = false }: Category): Buffer {
  const parts = charts.flatMap(encodeChart)
  return bytesField(2, bytesField(1, title), ...parts, ...(closed ? [int64Field(3, 1)] : []))
}

/** A chart of theirs has lines or bands: one that asks for both becomes two. */
function encodeChart({ title, tags = [], margins = [] }: Chart): Buffer[] {
  const lines = bytesField(2, ...tags.map((tag) => bytesField(1, tag)))
  const bands = bytesField(
    3,
    ...margins.map(({ value, lower, upper }) =>
      bytesField(1, bytesField(1, value), bytesField(2, lower), bytesField(3, upper)),
    ),
  )
  const contents = [...(tags.length > 0 ? [lines] : []), ...(margins.length > 0 ? [bands] : [])]
  return contents.map((content) => bytesField(2, bytesField(1, title), content))
}
