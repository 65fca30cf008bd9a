import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { CheckpointMemory, capture } from '../../src/checkpoint/capture/index.js'
import type { TensorLike } from '../../src/checkpoint/capture/types.js'

/** A device that answers when the test says so. */
class Device {
  readonly asked: { name: string; answer(): void; fail(): void }[] = []
  /** Tensors that have not been disposed, clones included. */
  alive = 0
  canReadNow = true

  tensor(name: string, ...values: number[]): TensorLike {
    this.alive++
    const read = () => Float32Array.from(values)
    return {
      shape: [values.length],
      size: values.length,
      dtype: 'float32',
      clone: () => this.tensor(name, ...values),
      data: () =>
        new Promise((resolve, reject) => {
          const fail = () => reject(new Error('the device is lost'))
          this.asked.push({ name, answer: () => resolve(read()), fail })
        }),
      dataSync: () => {
        if (!this.canReadNow) throw new Error('only asynchronously')
        return read()
      },
      dispose: () => void this.alive--,
    }
  }
}

const floatsOf = (captured: ReturnType<typeof capture>): number[][] =>
  captured.content.tensorFiles[0]!.tensors.map(({ data }) => [
    ...new Float32Array(Uint8Array.from(data).buffer),
  ])

const letters = (device: Device, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`w${n}`, device.tensor(`w${n}`, n, n + 0.5)]))

test('a device is asked for few tensors at a time, and the save is ready when it has given the last one', async () => {
  const device = new Device()
  const captured = capture(letters(device, 10), new CheckpointMemory())
  let ready = false
  const whole = captured.ready!.then(() => {
    ready = true
  })
  let most = 0
  for (let answered = 0; answered < 10; answered++) {
    expect(ready).toBe(false)
    most = Math.max(most, device.asked.length - answered)
    device.asked[answered]!.answer()
    await setImmediate()
  }
  await whole
  expect(most).toBe(4)
  expect(floatsOf(captured)).toEqual(Array.from({ length: 10 }, (_, n) => [n, n + 0.5]))
  expect(device.alive).toBe(10)
})

test('a process that ends reads at once what has not come yet', async () => {
  const device = new Device()
  const captured = capture(letters(device, 6), new CheckpointMemory())
  device.asked[1]!.answer()
  await setImmediate()
  captured.readNow()
  expect(floatsOf(captured)).toEqual(Array.from({ length: 6 }, (_, n) => [n, n + 0.5]))
  expect(device.alive).toBe(6)
  for (const { answer } of device.asked) answer()
  await captured.ready
  expect(device.asked).toHaveLength(5)
})

test('a backend that cannot be read at once says so, and is waited for as before', async () => {
  const device = new Device()
  device.canReadNow = false
  const captured = capture(letters(device, 5), new CheckpointMemory())
  expect(() => captured.readNow()).toThrow(
    /"w0" could not be read back from its device: .*only asynchronously/,
  )
  for (let answered = 0; answered < 5; answered++) {
    device.asked[answered]!.answer()
    await setImmediate()
  }
  await captured.ready
  expect(floatsOf(captured)).toEqual(Array.from({ length: 5 }, (_, n) => [n, n + 0.5]))
})

test('a device that fails rejects the save with one sentence, and keeps no clones', async () => {
  const device = new Device()
  const captured = capture(letters(device, 6), new CheckpointMemory())
  device.asked[2]!.fail()
  await expect(captured.ready).rejects.toMatchObject({
    code: 'OFFSTEP_CHECKPOINT',
    message: '"w2" could not be read back from its device: Error: the device is lost',
  })
  expect(device.alive).toBe(6)
})

test('an answer to a save that was given up does not touch the memory of the next one', async () => {
  const device = new Device()
  const memory = new CheckpointMemory()
  const given = capture({ w: device.tensor('w', 1, 1) }, memory)
  given.dispose()
  const next = capture({ w: new Float32Array([7, 7]) }, memory)
  expect(next.content.tensorFiles[0]!.tensors[0]!.data.buffer).toBe(
    given.content.tensorFiles[0]!.tensors[0]!.data.buffer,
  )
  device.asked[0]!.answer()
  await given.ready
  expect(floatsOf(next)).toEqual([[7, 7]])
  expect(device.alive).toBe(1)
})

test('a device that gives a wrong number of values is not believed', async () => {
  const device = new Device()
  const wrong = { ...device.tensor('w', 1, 2, 3), size: 2, shape: [2] }
  wrong.clone = () => ({ ...wrong })
  const captured = capture({ wrong }, new CheckpointMemory())
  device.asked[0]!.answer()
  await expect(captured.ready).rejects.toThrow(/it has 2 values, and its backend gave 3/)
})
