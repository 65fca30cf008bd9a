import { CheckpointError } from '../errors.js'
import type { Dtype } from '../request.js'
import { bytesOfTensor, isDtype } from './dtypes.js'
import { duplicateName } from './duplicate-name.js'
import { METADATA } from './encode.js'

/** A tensor as the header of its file describes it. */
export interface TensorPlace {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly bytes: number
}

export interface SafetensorsHeader {
  /** In the order of their bytes, which have no gaps. */
  readonly tensors: readonly TensorPlace[]
  readonly metadata: { readonly [name: string]: string }
}

const FIX = 'the file is damaged: restore it, or use another checkpoint'

export const damaged = (path: string, what: string): CheckpointError =>
  new CheckpointError(`${path}: ${what}: ${FIX}`)

/**
 * Reads the JSON of a header and checks all that it says. `dataBytes`: how many bytes follow it; null: not known.
 * Throws CheckpointError.
 */
export function parseHeader(path: string, json: Uint8Array, dataBytes: number | null): SafetensorsHeader {
  const members = parseObject(path, json)
  const places = Object.entries(members)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => placeOf(path, name, value))
    .sort((a, b) => a.begin - b.begin || a.end - b.end)
  let end = 0
  for (const place of places) {
    const shown = JSON.stringify(place.name)
    if (place.begin < end) throw damaged(path, `the tensor ${shown} overlaps the one before it`)
    if (place.begin > end) throw damaged(path, `there is a gap before the tensor ${shown}`)
    end = place.end
  }
  if (dataBytes !== null && dataBytes !== end) {
    throw damaged(path, `it has ${dataBytes} bytes of tensors, and its header tells of ${end}`)
  }
  return { tensors: places, metadata: metadataOf(path, members[METADATA]) }
}

function parseObject(path: string, json: Uint8Array): { [name: string]: unknown } {
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json)
    value = JSON.parse(text)
  } catch {
    throw damaged(path, 'its header is no JSON')
  }
  if (!text.startsWith('{')) throw damaged(path, 'its header does not begin with "{"')
  const twice = duplicateName(text)
  if (twice !== null) throw damaged(path, `its header has the name ${JSON.stringify(twice)} twice`)
  return value as { [name: string]: unknown }
}

interface Range extends TensorPlace {
  readonly begin: number
  readonly end: number
}

function placeOf(path: string, name: string, value: unknown): Range {
  const shown = `the tensor ${JSON.stringify(name)}`
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as { [name: string]: unknown }
  if (!isDtype(dtype)) throw damaged(path, `${shown} has no type that is known (${JSON.stringify(dtype)})`)
  const bytes = Array.isArray(shape) ? bytesOfTensor(dtype, shape) : null
  if (bytes === null) throw damaged(path, `${shown} has no shape that is possible (${JSON.stringify(shape)})`)
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : []
  if (!isOffset(begin) || !isOffset(end) || end < begin) {
    throw damaged(path, `${shown} has no offsets that are possible (${JSON.stringify(offsets)})`)
  }
  if (end - begin !== bytes) {
    const needed = `${dtype} of shape ${JSON.stringify(shape)} needs ${bytes}`
    throw damaged(path, `${shown} has ${end - begin} bytes, and ${needed}`)
  }
  return { name, dtype, shape: shape as number[], bytes, begin, end }
}

const isOffset = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function metadataOf(path: string, value: unknown = {}): { [name: string]: string } {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (isObject && Object.values(value).every((text) => typeof text === 'string')) {
    return value as { [name: string]: string }
  }
  throw damaged(path, `its ${METADATA} is no object of texts`)
}
