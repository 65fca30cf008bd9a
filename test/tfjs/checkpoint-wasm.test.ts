import '@tensorflow/tfjs-backend-wasm'
import { beforeAll, expect, test } from 'vitest'
import { CheckpointMemory, capture } from '../../src/checkpoint/capture/index.js'
import { restore } from '../../src/tfjs/checkpoint/index.js'
import { loadedFrom } from './support/checkpoint.js'
import { tf } from './support/run.js'

beforeAll(async () => {
  expect(await tf.setBackend('wasm')).toBe(true)
})

test('tensors of the WASM backend are copied at once, bit for bit, and restored', () => {
  const bits = new Uint32Array([0x7fc0_1234, 0x8000_0000, 1])
  const make = (first: boolean) => ({
    bits: tf.variable(first ? tf.tensor(new Float32Array(bits.buffer.slice(0))) : tf.zeros([3])),
    int: tf.variable(tf.tensor([first ? -7 : 0, 3], [2], 'int32')),
    bool: tf.variable(tf.tensor([first, true, false], [3], 'bool')),
    empty: tf.variable(tf.zeros([0, 2])),
  })
  const weights = make(true)
  const captured = capture(weights, new CheckpointMemory())
  expect(captured.ready).toBeNull()
  // Memory that the backend may use again at once.
  weights.bits.assign(tf.tensor([1, 2, 3]))
  const target = make(false)
  restore(loadedFrom(captured), { tensors: target })
  const { buffer, byteOffset } = target.bits.dataSync()
  expect([...new Uint32Array(buffer, byteOffset, 3)]).toEqual([...bits])
  expect([...target.int.dataSync(), ...target.bool.dataSync()]).toEqual([-7, 3, 1, 1, 0])
})

test('a result that was computed on the WASM backend is the one that is saved', () => {
  const values = Float32Array.from({ length: 1000 }, (_, n) => n / 7)
  const product = tf.tidy(() => tf.mul(tf.tensor(values), 3))
  const captured = capture({ product }, new CheckpointMemory())
  const { data } = captured.content.tensorFiles[0]!.tensors[0]!
  expect([...new Float32Array(Uint8Array.from(data).buffer)]).toEqual([...product.dataSync()])
})
