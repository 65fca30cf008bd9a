/** The weights of a checkpoint are what Python's safetensors package reads and writes. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import {
  type Dtype,
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
  writeCheckpoint,
} from '../../dist/src/checkpoint/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { python } from './support/python.js'

/** Types that NumPy has, and its names for them. */
const NUMPY: readonly (readonly [Dtype, string, number])[] = [
  ['F64', 'float64', 8],
  ['F32', 'float32', 4],
  ['F16', 'float16', 2],
  ['I64', 'int64', 8],
  ['I32', 'int32', 4],
  ['I16', 'int16', 2],
  ['I8', 'int8', 1],
  ['U64', 'uint64', 8],
  ['U32', 'uint32', 4],
  ['U16', 'uint16', 2],
  ['U8', 'uint8', 1],
  ['BOOL', 'bool', 1],
]

/** Bytes of 0 and 1 are a value of every type, and none of them NaN. */
const tensorOf = (name: string, dtype: Dtype, bytes: number, shape: readonly number[]): NamedTensor => {
  const length = shape.reduce((a, b) => a * b, bytes)
  return { name, dtype, shape, data: Uint8Array.from({ length }, (_, i) => ((i * 7) % 3) & 1) }
}

const TENSORS: readonly NamedTensor[] = [
  ...NUMPY.map(([dtype, name, bytes]) => tensorOf(`layer/${name}`, dtype, bytes, [2, 3])),
  tensorOf('scalar', 'F32', 4, []),
  tensorOf('empty', 'F32', 4, [0, 4]),
  tensorOf('é 😀 "\\', 'I32', 4, [1]),
  tensorOf('\uffee', 'F32', 4, [5]),
  tensorOf('7', 'U8', 1, [3]),
]
const METADATA = { format: 'pt', who: 'näme "q"', a: '1' }

const DESCRIBE = `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], framework="np") as file:
    tensors = {name: file.get_tensor(name) for name in file.keys()}
    print(json.dumps({"metadata": file.metadata(), "tensors": {
        name: [str(t.dtype), list(t.shape), t.tobytes().hex()] for name, t in tensors.items()}}))
`
const REWRITE = `
import sys
from safetensors import safe_open
from safetensors.numpy import save_file
with safe_open(sys.argv[1], framework="np") as file:
    save_file({name: file.get_tensor(name) for name in file.keys()}, sys.argv[2], file.metadata())
`

const described = (path: string): unknown => JSON.parse(python('-c', DESCRIBE, path).stdout)

const expected = {
  metadata: METADATA,
  tensors: Object.fromEntries(
    TENSORS.map(({ name, dtype, shape, data }) => [
      name,
      [NUMPY.find(([ours]) => ours === dtype)![1], shape, Buffer.from(data).toString('hex')],
    ]),
  ),
}

test('Python reads every tensor of a checkpoint, compressed or not, and its metadata', async () => {
  const runDir = temporaryDirectory()
  const request = {
    step: 1,
    time: Date.now(),
    epoch: null,
    metrics: {},
    isBest: null,
    metadata: {},
    state: null,
    configSha256: null,
    gitCommit: null,
    attempt: 0,
    content: {
      tensorFiles: [{ path: 'model.safetensors', tensors: TENSORS, metadata: METADATA }],
      jsonFiles: [],
      files: [],
    },
  }
  const retention = { keepLast: 1, keepBest: 0, keepEvery: 0, metric: null, mode: 'min' } as const
  const plain = await writeCheckpoint({ runDir, request, retention, compression: 'none' })
  const file = join(plain.info.path, 'model.safetensors')
  expect(described(file)).toEqual(expected)
  const compressed = { runDir, request: { ...request, step: 2 }, retention, compression: 'gzip' } as const
  const { info } = await writeCheckpoint(compressed)
  execFileSync('gzip', ['-dk', join(info.path, 'model.safetensors.gz')])
  expect(described(join(info.path, 'model.safetensors'))).toEqual(expected)
  const stored = readFileSync(join(info.path, 'model.safetensors.gz'))
  expect(readFileSync(join(info.path, 'model.safetensors')).equals(gunzipSync(stored))).toBe(true)
})

test('the same tensors are the same file, byte for byte, from Python and from here; each reads the other', () => {
  const directory = temporaryDirectory()
  const [ours, theirs] = [join(directory, 'ours.safetensors'), join(directory, 'theirs.safetensors')]
  // One entry: the order of several is any in Python.
  const metadata = { format: 'pt' }
  const encoded = encodeSafetensors({ path: ours, tensors: TENSORS, metadata })
  writeFileSync(ours, Buffer.concat([...encoded.chunks(2 ** 20)]))
  python('-c', REWRITE, ours, theirs)
  const decoded = decodeSafetensors(theirs, readFileSync(theirs))
  expect(decoded.metadata).toEqual(metadata)
  expect(new Map(decoded.tensors)).toEqual(new Map(TENSORS.map((tensor) => [tensor.name, tensor])))
  expect(readFileSync(theirs).equals(readFileSync(ours))).toBe(true)
})

test('a file without tensors is read on both sides', () => {
  const directory = temporaryDirectory()
  const path = join(directory, 'empty.safetensors')
  writeFileSync(path, Buffer.concat([...encodeSafetensors({ path, tensors: [] }).chunks(100)]))
  expect(described(path)).toEqual({ metadata: null, tensors: {} })
  expect(decodeSafetensors(path, readFileSync(path)).tensors.size).toBe(0)
})
