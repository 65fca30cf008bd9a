import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { type Capturable, CheckpointMemory, capture } from '../../src/checkpoint/capture/index.js'
import type { NamedTensor } from '../../src/checkpoint/request.js'

const contentOf = (what: Capturable) => capture(what, new CheckpointMemory()).content

const tensorsOf = (what: Capturable): readonly NamedTensor[] => contentOf(what).tensorFiles[0]!.tensors

function refusal(what: unknown): string {
  try {
    capture(what as Capturable, new CheckpointMemory())
  } catch (error) {
    expect(error).toMatchObject({ name: 'CheckpointError', code: 'OFFSTEP_CHECKPOINT' })
    return (error as Error).message
  }
  return 'it was taken'
}

test('every typed array has its dtype, its length as the shape, and its bytes', () => {
  const arrays = {
    F64: new Float64Array([1.5, -0]),
    F32: new Float32Array([1.5, -0, Number.NaN]),
    I64: new BigInt64Array([-1n]),
    I32: new Int32Array([-1, 2]),
    I16: new Int16Array([-1, 2]),
    I8: new Int8Array([-1, 2]),
    U64: new BigUint64Array([2n ** 64n - 1n]),
    U32: new Uint32Array([2 ** 32 - 1]),
    U16: new Uint16Array([65_535]),
    U8: new Uint8Array([255, 0]),
  }
  const tensors = tensorsOf({ ...arrays, clamped: new Uint8ClampedArray([7]), buffer: Buffer.from('ab') })
  expect(tensors.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
    ...Object.entries(arrays).map(([name, { length }]) => [name, name, [length]]),
    ['clamped', 'U8', [1]],
    ['buffer', 'U8', [2]],
  ])
  for (const [index, array] of Object.values(arrays).entries()) {
    const { data } = tensors[index]!
    expect(Buffer.from(data)).toEqual(Buffer.from(array.buffer, array.byteOffset, array.byteLength))
    // Any typed array may be laid on it.
    expect(data.byteOffset % 8).toBe(0)
  }
})

test('an array may have a shape, and a dtype that JavaScript has no array of', () => {
  const tensors = tensorsOf({
    matrix: { data: new Float32Array(6), shape: [2, 3] },
    scalar: { data: new Float32Array(1), shape: [] },
    empty: { data: new Float32Array(0), shape: [0, 3] },
    bf16: { data: new Uint16Array([1, 2]), shape: [2], dtype: 'BF16' },
    mask: { data: new Uint8Array([1, 0]), shape: [1, 2], dtype: 'BOOL' },
  })
  expect(tensors.map(({ dtype, shape, data }) => [dtype, shape, data.byteLength])).toEqual([
    ['F32', [2, 3], 24],
    ['F32', [], 4],
    ['F32', [0, 3], 0],
    ['BF16', [2], 4],
    ['BOOL', [1, 2], 2],
  ])
})

test('a part of a buffer is copied without the rest of it', () => {
  const part = new Float32Array([1, 2, 3, 4]).subarray(1, 3)
  expect(Buffer.from(tensorsOf({ part })[0]!.data)).toEqual(Buffer.from(new Float32Array([2, 3]).buffer))
})

test('what is saved is the state of the call', () => {
  const weights = new Float32Array([1, 2, 3])
  const [saved] = tensorsOf({ weights })
  weights.fill(9)
  expect([...new Float32Array(Uint8Array.from(saved!.data).buffer)]).toEqual([1, 2, 3])
})

test('the copies cross threads without another copy', () => {
  const captured = capture({ a: new Float32Array([1]), b: new Int8Array(3) }, new CheckpointMemory())
  const [a, b] = structuredClone(captured.content).tensorFiles[0]!.tensors
  expect(a!.data.buffer).toBeInstanceOf(SharedArrayBuffer)
  expect(a!.data.buffer).toBe(b!.data.buffer)
  captured.content.tensorFiles[0]!.tensors[0]!.data[0] = 77
  expect(a!.data[0]).toBe(77)
  expect([captured.bytes, captured.ready]).toEqual([7, null])
})

test('parts become files of their own, and paths are made absolute', () => {
  const one = { w: new Float32Array(1) }
  const file = pathToFileURL(resolve('vocabulary.json'))
  const content = contentOf({ model: one, optimizer: one, tensors: one, files: ['data', file] })
  expect(content.tensorFiles.map(({ path }) => path)).toEqual([
    'model.safetensors',
    'optimizer.safetensors',
    'tensors.safetensors',
  ])
  const files = ['data', 'vocabulary.json'].map((name) => ({ path: null, source: resolve(name) }))
  expect(content.files).toEqual(files)
  expect(contentOf(['data', 'vocabulary.json'])).toEqual({ tensorFiles: [], jsonFiles: [], files })
  expect(contentOf(file).files).toEqual([files[1]])
})

test('tensors may be called as a part is called', () => {
  const { tensorFiles } = contentOf({ model: new Float32Array(1), files: new Float32Array(2) })
  expect(tensorFiles.map(({ path, tensors }) => [path, tensors.map(({ name }) => name)])).toEqual([
    ['tensors.safetensors', ['model', 'files']],
  ])
})

test('a name that the format keeps for itself gets a number', () => {
  expect(tensorsOf({ __metadata__: new Float32Array(1) })[0]!.name).toBe('__metadata___1')
})

test.each([
  [undefined, /^A checkpoint cannot be made of undefined: give a tf\.LayersModel/],
  [42, /made of a number/],
  [{}, /made of an empty object/],
  [{ model: undefined }, /made of nothing/],
  [new Float32Array(2), /made of numbers without a name/],
  [new Map([['a', new Float32Array(2)]]), /made of an instance of Map/],
  [
    { a: [1, 2] },
    /"a" cannot be saved: give a tf\.Tensor, a tf\.Variable, a typed array, or \{ data, shape \}/,
  ],
  [{ a: new DataView(new ArrayBuffer(4)) }, /"a" is a DataView: give a typed array/],
  [{ a: { data: new Float32Array(2) } }, /"a" has data and no shape/],
  [{ a: { data: new Float32Array(2), shape: [3] } }, /"a" has 2 values, which do not make the shape \[3\]/],
  [{ a: { data: new Float32Array(2), shape: [-1, -2] } }, /do not make the shape \[-1, -2\]/],
  [{ a: { data: new Float32Array(2), shape: [2], dtype: 'float32' } }, /has the dtype float32: give one of/],
  [{ a: { data: new Float32Array(2), shape: [2], dtype: 'F16' } }, /2 bytes a value, and its array has 4/],
  [{ model: 7 }, /`model` of a checkpoint is a number: give a tf\.LayersModel, or tensors by name/],
  [[], /list of files is empty/],
  [['a', 3], /A file of a checkpoint is of the type number: give its path/],
  ['', /A file of a checkpoint is an empty text/],
  [new URL('https://example.org/model'), /cannot be read from this URL, give a path/],
])('%o is refused with a sentence that says what to give', (what, sentence) => {
  expect(refusal(what)).toMatch(sentence)
})

test('the memory of a save is used by the next one, also where that needs a little less', () => {
  const memory = new CheckpointMemory()
  const first = capture({ a: new Float32Array(1000) }, memory)
  const second = capture({ a: new Float32Array(1000) }, memory)
  const buffer = bufferOf(first)
  expect(bufferOf(second)).not.toBe(buffer)
  first.dispose()
  first.dispose()
  const third = capture({ a: new Float32Array(900).fill(3) }, memory)
  expect(bufferOf(third)).toBe(buffer)
  expect(bufferOf(capture({ a: new Float32Array(900) }, memory))).not.toBe(buffer)
  expect(third.content.tensorFiles[0]!.tensors[0]!.data.byteLength).toBe(3600)
})

test('a save takes the memory that fits best', () => {
  const memory = new CheckpointMemory()
  const [close, large] = [new SharedArrayBuffer(100), new SharedArrayBuffer(140)]
  memory.give(close)
  memory.give(large)
  expect(memory.take(96)).toBe(close)
  expect(memory.take(96)).toBe(large)
})

test('a call that is refused keeps no memory', () => {
  const memory = new CheckpointMemory()
  const kept = new SharedArrayBuffer(80)
  memory.give(kept)
  const broken = {
    dtype: 'float32',
    shape: [2],
    size: 2,
    dataSync() {},
    clone: () => {
      throw new Error('gone')
    },
  }
  expect(() => capture({ a: new Float64Array(9), b: broken as never }, memory)).toThrow(
    /"b" could not be read: .*gone/,
  )
  expect(memory.take(80)).toBe(kept)
})

test('no more memory is kept than was said, and the least wanted goes first', () => {
  const memory = new CheckpointMemory(100)
  const [old, young] = [new SharedArrayBuffer(60), new SharedArrayBuffer(50)]
  memory.give(old)
  memory.give(young)
  memory.give(new SharedArrayBuffer(101))
  expect(memory.take(60)).not.toBe(old)
  expect(memory.take(50)).toBe(young)
})

const bufferOf = ({ content }: ReturnType<typeof capture>) => content.tensorFiles[0]!.tensors[0]!.data.buffer
