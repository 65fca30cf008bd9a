import type { MeshValue } from '../../../record/media.js'
import { bytesField, int64Field } from '../../protobuf/encoding.js'
import {
  DATA_CLASS,
  DATA_TYPE,
  float32Bytes,
  numberTensor,
  pluginMetadata,
  type SummaryValue,
} from './summary.js'

const PLUGIN = 'mesh'

/** MeshPluginData.ContentType, and what its tensor holds. */
const PARTS = {
  VERTEX: { type: 1, dataType: DATA_TYPE.float },
  FACE: { type: 2, dataType: DATA_TYPE.int32 },
  COLOR: { type: 3, dataType: DATA_TYPE.uint8 },
} as const

type PartName = keyof typeof PARTS

/**
 * A tag per part, `<name>_VERTEX`, `<name>_FACE`, `<name>_COLOR`, each a tensor of shape [1, n, 3]
 * (plugins/mesh/summary_v2.py). The metadata of each says which parts there are.
 */
export function encodeMesh(name: string, mesh: MeshValue): SummaryValue[] {
  const { vertices, faces, colors, config } = mesh
  const parts: (readonly [PartName, readonly number[]])[] = [['VERTEX', vertices]]
  if (faces !== undefined) parts.push(['FACE', faces])
  if (colors !== undefined) parts.push(['COLOR', colors])
  const components = parts.reduce((mask, [part]) => mask | (1 << PARTS[part].type), 0)
  return parts.map(([part, values]) => {
    const shape = [1, values.length / 3, 3]
    const { type, dataType } = PARTS[part]
    // MeshPluginData.
    const content = Buffer.concat([
      bytesField(2, name),
      int64Field(3, type),
      ...(config === undefined ? [] : [bytesField(5, JSON.stringify(config))]),
      ...shape.map((size) => int64Field(6, size)),
      int64Field(7, components),
    ])
    return {
      tag: `${name}_${part}`,
      plugin: PLUGIN,
      tensor: numberTensor(dataType, shape, bytesOf(part, values)),
      metadata: pluginMetadata(PLUGIN, DATA_CLASS.tensor, content),
    }
  })
}

function bytesOf(part: PartName, values: readonly number[]): Uint8Array {
  if (part === 'VERTEX') return float32Bytes(values)
  if (part === 'COLOR') return Uint8Array.from(values)
  const bytes = Buffer.allocUnsafe(4 * values.length)
  values.forEach((value, index) => {
    bytes.writeInt32LE(value, 4 * index)
  })
  return bytes
}
