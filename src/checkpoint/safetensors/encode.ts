/**
 * Safetensors files (https://huggingface.co/docs/safetensors): the length of the header as 64 bits, little-endian; the
 * header, JSON padded with spaces to a multiple of 8 bytes; the tensors' bytes, one after the other without gaps.
 * Byte for byte what the reference implementation writes, where it has an order: it writes metadata in any.
 */
import { CheckpointError } from '../errors.js'
import type { NamedTensor, TensorFile } from '../request.js'
import { bytesOfTensor, DTYPE_NAMES, isDtype, rankOf } from './dtypes.js'

/** The reference implementation reads no longer ones. */
export const MAX_HEADER_BYTES = 100_000_000
export const LENGTH_BYTES = 8
export const METADATA = '__metadata__'

export interface EncodedFile {
  /** Of the whole file. */
  readonly bytes: number
  /** The file in pieces: views on the tensors' own bytes, of at most `maxBytes`. */
  chunks(maxBytes: number): Generator<Uint8Array>
}

/** Checks everything at once, and copies nothing. Throws CheckpointError. */
export function encodeSafetensors(file: TensorFile): EncodedFile {
  const tensors = inFileOrder(file)
  const header = headerOf(file, tensors)
  const bytes = tensors.reduce((sum, { data }) => sum + data.byteLength, header.byteLength)
  return {
    bytes,
    *chunks(maxBytes) {
      for (const part of [header, ...tensors.map(({ data }) => data)]) {
        for (let at = 0; at < part.byteLength; at += maxBytes) yield part.subarray(at, at + maxBytes)
      }
    },
  }
}

function inFileOrder({ path, tensors }: TensorFile): NamedTensor[] {
  const names = new Set<string>()
  for (const tensor of tensors) {
    check(path, tensor)
    const { name } = tensor
    if (names.has(name)) throw wrong(path, name, 'is there twice: give each tensor a name of its own')
    names.add(name)
  }
  return tensors
    .map((tensor) => ({ tensor, name: Buffer.from(tensor.name) }))
    .sort((a, b) => rankOf(a.tensor.dtype) - rankOf(b.tensor.dtype) || Buffer.compare(a.name, b.name))
    .map(({ tensor }) => tensor)
}

function check(path: string, { name, dtype, shape, data }: NamedTensor): void {
  if (name === METADATA)
    throw wrong(path, name, 'has a name that the format keeps for itself: give another one')
  if (!name.isWellFormed()) throw wrong(path, name, 'has a name that is no text: give another one')
  if (!isDtype(dtype)) throw wrong(path, name, `has the type ${String(dtype)}: give one of ${DTYPE_NAMES}`)
  const bytes = bytesOfTensor(dtype, shape)
  const what = `${dtype} of shape [${shape.join(', ')}]`
  if (bytes === null) throw wrong(path, name, `is ${what}: give lengths that are whole numbers from 0 up`)
  if (bytes === data.byteLength) return
  throw wrong(
    path,
    name,
    `has ${data.byteLength} bytes, and ${what} has ${bytes}: give the shape of its data`,
  )
}

/** JSON by hand: an object would put names that look like numbers first, and lose `__proto__`. */
function headerOf({ path, metadata = {} }: TensorFile, tensors: readonly NamedTensor[]): Buffer {
  const members: string[] = []
  const texts = Object.entries(metadata)
  if (texts.length > 0) members.push(member(METADATA, `{${sortedTexts(path, texts)}}`))
  let begin = 0
  for (const { name, dtype, shape, data } of tensors) {
    const end = begin + data.byteLength
    members.push(member(name, `{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${begin},${end}]}`))
    begin = end
  }
  const json = Buffer.from(`{${members.join()}}`)
  const padded = Math.ceil(json.length / 8) * 8
  if (padded > MAX_HEADER_BYTES) {
    const why = `would have a header of ${padded} bytes, and ${MAX_HEADER_BYTES} are allowed`
    throw new CheckpointError(`${path} ${why}: save the tensors in several files`)
  }
  const header = Buffer.alloc(LENGTH_BYTES + padded, ' ')
  header.writeBigUInt64LE(BigInt(padded))
  json.copy(header, LENGTH_BYTES)
  return header
}

const member = (name: string, json: string): string => `${JSON.stringify(name)}:${json}`

function sortedTexts(path: string, texts: readonly [string, string][]): string {
  for (const [name, text] of texts) {
    if (typeof text === 'string' && name.isWellFormed() && text.isWellFormed()) continue
    throw new CheckpointError(`${path}: the metadata ${JSON.stringify(name)} is no text: give a string`)
  }
  const bytes = texts.map(([name, text]) => ({
    name: Buffer.from(name),
    text: member(name, JSON.stringify(text)),
  }))
  return bytes
    .sort((a, b) => Buffer.compare(a.name, b.name))
    .map(({ text }) => text)
    .join()
}

const wrong = (path: string, name: string, what: string): CheckpointError =>
  new CheckpointError(`${path}: the tensor ${JSON.stringify(name)} ${what}`)
