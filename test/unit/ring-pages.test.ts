import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { populateRing, preparePages } from '../../src/ring/pages.js'
import { createRing, RingRegion } from '../../src/ring/ring.js'

const CAPACITY = 1 << 20

const ring = () =>
  createRing({
    producer: 0,
    capacityBytes: CAPACITY,
    whenFull: 'drop',
    maxCapacityBytes: CAPACITY,
    maxBlockMs: 1,
  })

test('what is in the ring stays, wherever its head stands', () => {
  const buffer = ring()
  const region = new RingRegion(buffer, 0)
  for (let at = 0; at < region.bytes.length; at++) region.bytes[at] = (at * 31 + (at >> 8)) & 0xff
  const before = region.bytes.slice()
  populateRing(buffer)
  for (const head of [0, 1, 511, 512, 513, region.capacityWords - 1, 2 ** 31 - 1, -(2 ** 31), -1])
    preparePages(region, head)
  expect(Buffer.compare(before, region.bytes)).toBe(0)
})

test('what another thread writes meanwhile stays', async () => {
  const buffer = ring()
  const region = new RingRegion(buffer, 0)
  // The first words of some pages, over and over: those are what is touched.
  const program = `
    const { parentPort, workerData: { buffer, offset } } = require('node:worker_threads')
    const i32 = new Int32Array(buffer, offset)
    let lost = 0
    for (let round = 0; round < 300_000; round++) {
      for (let page = 0; page < 8; page++) {
        if (i32[page * 1024] !== round) lost++
        i32[page * 1024] = round + 1
      }
    }
    parentPort.postMessage(lost)
  `
  const writer = new Worker(program, {
    eval: true,
    workerData: { buffer, offset: region.bytes.byteOffset },
  })
  let lost: number | null = null
  writer.on('message', (count: number) => {
    lost = count
  })
  while (lost === null) {
    // From the first page on.
    for (let i = 0; i < 1000; i++) preparePages(region, -1)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(lost).toBe(0)
  await writer.terminate()
})
