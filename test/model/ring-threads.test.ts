import { Worker } from 'node:worker_threads'
import { expect, test, vi } from 'vitest'
import { Control } from '../../src/ring/control.js'
import { F64 } from '../../src/ring/layout.js'
import { createRing, type RingOptions } from '../../src/ring/ring.js'
import { RingWriter } from '../../src/ring/writer.js'

vi.setConfig({ testTimeout: 600_000 })

/** `OFFSTEP_TEST_ROWS=100000000 npx vitest run test/model/ring-threads` for the long run. */
const CALLS = Number(process.env.OFFSTEP_TEST_ROWS ?? 3_000_000)
const WRAP = 2 ** 32

interface Sides {
  produce(ring: SharedArrayBuffer, control: Control, flags: Int32Array, options: object): Produced
  consume(ring: SharedArrayBuffer, control: Control, flags: Int32Array, options: object): Consumed
}
interface Produced {
  published: number
  dropped: number
  region: number
}
interface Consumed {
  rows: number
  wrong: number
  journaled: number
}

// Compiled code, by a computed name: TypeScript does not look into it.
const sidesUrl = new URL('../fixtures/ring-sides.mjs', import.meta.url).href
const sides = (await import(sidesUrl)) as Sides

interface Case {
  readonly ring: Partial<RingOptions>
  readonly takeBytes?: number
  readonly calls?: number
}

/** Runs one side in a thread of its own and the other here. */
async function race(
  other: 'producer' | 'consumer',
  { ring: overrides, takeBytes = 30_000, calls = CALLS }: Case,
) {
  const ring = createRing({
    producer: 0,
    capacityBytes: 1 << 16,
    whenFull: 'drop',
    maxCapacityBytes: 1 << 16,
    maxBlockMs: 60_000,
    firstPosition: WRAP - 1000,
    ...overrides,
  })
  const control = new Control()
  const flags = new Int32Array(new SharedArrayBuffer(8))
  const firstSequence = WRAP - 500
  new RingWriter(ring, control).counters[F64.PUBLISHED] = firstSequence
  const options = { calls, maxValues: 12, takeBytes, firstSequence }
  const worker = new Worker(new URL('../fixtures/ring-thread.mjs', import.meta.url), {
    workerData: { side: other, ring, control: control.buffer, flags, options },
  })
  const answer = new Promise<Produced & Consumed>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject)
  })
  const mine =
    other === 'producer'
      ? sides.consume(ring, control, flags, options)
      : sides.produce(ring, control, flags, options)
  const all = { ...(await answer), ...mine }
  return { ...all, published: all.published - firstSequence, journaled: all.journaled - firstSequence, calls }
}

/** The identity that must hold whatever the timing: every call published or counted, every row seen once. */
function expectExact(result: Awaited<ReturnType<typeof race>>): void {
  expect(result.wrong).toBe(0)
  expect(result.published + result.dropped).toBe(result.calls)
  expect(result.rows).toBe(result.published)
  expect(result.journaled).toBe(result.published)
}

test('a producer in another thread: every row is taken once with its bytes, every other call is counted', async () => {
  expectExact(await race('producer', { ring: {} }))
})

test('a consumer in another thread: every row is taken once with its bytes, every other call is counted', async () => {
  expectExact(await race('consumer', { ring: {} }))
})

test('a ring so small that it is nearly always full keeps the count exact', async () => {
  const result = await race('producer', { ring: { capacityBytes: 1024 }, takeBytes: 200 })
  expectExact(result)
  expect(result.dropped).toBeGreaterThan(0)
})

test('with the policy "block" a slow consumer in another thread costs time and not one row', async () => {
  const result = await race('consumer', {
    ring: { whenFull: 'block', capacityBytes: 4096 },
    calls: CALLS / 5,
  })
  expectExact(result)
  expect(result.dropped).toBe(0)
})

test('rings that grow while the consumer follows them lose no row between two regions', async () => {
  let regions = 0
  for (let round = 0; round < 40; round++) {
    const result = await race('consumer', {
      ring: { whenFull: 'grow', capacityBytes: 1024, maxCapacityBytes: 1 << 17 },
      takeBytes: 300,
      calls: 4000,
    })
    expectExact(result)
    regions += result.region
  }
  expect(regions).toBeGreaterThan(40)
})
