import { Message, packedIntegers } from '../protobuf.js'

/** One value of an event. */
export interface Scalar {
  readonly tag: string
  /** Null: no scalar, but an image, a histogram, a text ... */
  readonly value: number | null
}

export interface Event {
  readonly step: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly scalars: readonly Scalar[]
  /** Data of the plugin "hparams". */
  readonly hparams: readonly Buffer[]
}

/** Plugins of tags, which only the first event of a tag need tell. */
export type Plugins = Map<string, string>

/** tensorflow.Event: wall_time 1, step 2, summary 5. Throws ProtobufError. */
export function decodeEvent(bytes: Buffer, plugins: Plugins): Event {
  const event = new Message(bytes)
  let step = 0
  let seconds = 0
  const scalars: Scalar[] = []
  const hparams: Buffer[] = []
  while (event.next()) {
    if (event.field === 1) seconds = event.double
    else if (event.field === 2) step = event.integer
    else if (event.field === 5) {
      const summary = new Message(event.bytes)
      while (summary.next()) {
        if (summary.field !== 1) continue
        const value = decodeValue(summary.bytes, plugins)
        if (Buffer.isBuffer(value)) hparams.push(value)
        else scalars.push(value)
      }
    }
  }
  return { step, time: Math.round(seconds * 1000), scalars, hparams }
}

/** Summary.Value: tag 1, simple_value 2, tensor 8, metadata 9. Of the plugin "hparams", its data. */
function decodeValue(bytes: Buffer, plugins: Plugins): Scalar | Buffer {
  const message = new Message(bytes)
  let tag = ''
  let value: number | null = null
  let tensor: Buffer | null = null
  let plugin: Plugin | null = null
  while (message.next()) {
    if (message.field === 1) tag = message.text
    else if (message.field === 2) value = message.float
    else if (message.field === 8) tensor = message.bytes
    else if (message.field === 9) plugin = pluginOf(message.bytes)
  }
  if (plugin?.name === 'hparams' && SESSION.test(tag)) return plugin.content
  if (plugin !== null && !plugins.has(tag)) plugins.set(tag, plugin.name)
  const isScalar = (plugins.get(tag) ?? 'scalars') === 'scalars'
  return { tag, value: value ?? (tensor === null || !isScalar ? null : tensorValue(tensor)) }
}

interface Plugin {
  readonly name: string
  readonly content: Buffer
}

/** The other tag of the plugin says how its page shows all runs. */
const SESSION = /^_hparams_\/session_(start|end)_info$/

/** SummaryMetadata: plugin_data 1 { plugin_name 1, content 2 }. */
function pluginOf(bytes: Buffer): Plugin | null {
  const metadata = new Message(bytes)
  while (metadata.next()) {
    if (metadata.field !== 1) continue
    const data = new Message(metadata.bytes)
    let name: string | null = null
    let content: Buffer = Buffer.alloc(0)
    while (data.next()) {
      if (data.field === 1) name = data.text
      else if (data.field === 2) content = data.bytes
    }
    if (name !== null) return { name, content }
  }
  return null
}

const FLOAT = 1
const DOUBLE = 2
const INT32 = 3
const INT64 = 9
const BYTES_OF: { readonly [type: number]: number } = { [FLOAT]: 4, [DOUBLE]: 8, [INT32]: 4, [INT64]: 8 }

/** TensorProto: dtype 1, tensor_content 4, float_val 5, double_val 6, int_val 7, int64_val 10. Null: not one number. */
function tensorValue(bytes: Buffer): number | null {
  const message = new Message(bytes)
  let type = 0
  let content: Buffer | null = null
  const values: number[] = []
  while (message.next()) {
    if (message.field === 1) type = message.integer
    else if (message.field === 4) content = message.bytes
    else if (message.field === 5) {
      if (message.packed) values.push(...contentValues(FLOAT, message.bytes))
      else values.push(message.float)
    } else if (message.field === 6) {
      if (message.packed) values.push(...contentValues(DOUBLE, message.bytes))
      else values.push(message.double)
    } else if (message.field === 7 || message.field === 10) {
      if (message.packed) values.push(...packedIntegers(message.bytes))
      else values.push(message.integer)
    }
  }
  if (!Object.hasOwn(BYTES_OF, type)) return null
  const all = content !== null && content.length > 0 ? contentValues(type, content) : values
  return all.length === 1 ? all[0]! : null
}

function contentValues(type: number, content: Buffer): number[] {
  const size = BYTES_OF[type]!
  return Array.from({ length: Math.floor(content.length / size) }, (_, index) => {
    const at = index * size
    if (type === FLOAT) return content.readFloatLE(at)
    if (type === DOUBLE) return content.readDoubleLE(at)
    return type === INT32 ? content.readInt32LE(at) : Number(content.readBigInt64LE(at))
  })
}
