import { expect, test, vi } from 'vitest'
import { DROP, DROP_CAUSES, F64 } from '../../src/ring/layout.js'
import { type Random, seeds, withSeed } from './support/random.js'
import { type Geometry, RingModel } from './support/ring-model.js'

vi.setConfig({ testTimeout: 600_000 })

const WRAP = 2 ** 32

function randomGeometry(random: Random): Geometry {
  const whenFull = random.pick(['drop', 'drop', 'grow', 'grow', 'block'] as const)
  return {
    capacityWords: 2 ** random.int(4, 9),
    whenFull,
    regions: whenFull === 'grow' ? random.int(1, 5) : 1,
    firstPosition: WRAP - random.pick([0, 1, 7, 8, 63, 64, 200, 1000]),
    // Also where the low 32 bits of the sequence number, which the frame holds, wrap.
    firstSequence: random.pick([0, 0, WRAP - 5, WRAP * 3 - 40, 2 ** 40]),
  }
}

/** Mostly small rows, some as large as what always fits, a few that never do. */
function randomWords(random: Random, capacityWords: number): number {
  const half = capacityWords / 2
  if (random.chance(0.8)) return random.int(3, Math.max(4, Math.min(half, 20)))
  if (random.chance(0.8)) return random.int(3, half)
  return random.int(half, capacityWords * 3)
}

function randomWalk(model: RingModel, random: Random, operations: number): void {
  const { capacityWords } = model.geometry
  const large = random.chance(0.5)
  const takeBytes = (): number => random.pick([0, 8, 40, 64, capacityWords * 4, capacityWords * 64])
  for (let i = 0; i < operations; i++) {
    const burst = random.int(1, 12)
    for (let j = 0; j < burst; j++) {
      const words = large ? randomWords(random, capacityWords) : random.int(3, 6)
      model.push(random, words, random.chance(0.1))
    }
    if (random.chance(0.1)) continue
    for (let takes = random.int(1, 20); takes > 0 && model.take(takeBytes()); takes--) {
      // a part of what there is
    }
    if (random.chance(0.15)) model.replaceReader(random.chance(0.5))
    else if (random.chance(0.9)) model.release()
  }
}

test('in any geometry every row is taken once, in order, byte for byte, and every dropped one is counted', () => {
  let calls = 0
  let wraps = 0
  const causes = new Map<string, number>()
  for (const seed of seeds(600)) {
    withSeed(seed, (random) => {
      const geometry = randomGeometry(random)
      const model = new RingModel(geometry)
      randomWalk(model, random, 120)
      model.drain(4096)
      model.close()
      model.push(random, 3)
      const dropped = DROP_CAUSES.reduce((sum, cause) => sum + model.dropped[cause], 0)
      expect(model.published - geometry.firstSequence + model.keys + dropped).toBe(model.calls)
      expect(model.reader.counters[F64.JOURNALED]).toBe(model.published)
      for (const cause of DROP_CAUSES) {
        expect(model.writer.counters[DROP[cause]]).toBe(model.dropped[cause])
        causes.set(cause, (causes.get(cause) ?? 0) + model.dropped[cause])
      }
      calls += model.calls
      wraps += model.rounds
    })
  }
  process.stdout.write(
    `ring model: ${calls} calls, ${Math.round(wraps)} rounds, ${JSON.stringify([...causes])}\n`,
  )
})

test('the rows of a long run go round a small ring across 2^32 with sequence numbers beyond 2^32', () => {
  withSeed(seeds(1)[0]!, (random) => {
    const model = new RingModel({
      capacityWords: 64,
      whenFull: 'drop',
      regions: 1,
      firstPosition: WRAP - 64,
      firstSequence: WRAP - 64,
    })
    for (let i = 0; i < 20_000; i++) {
      model.push(random, random.int(3, 32))
      if (random.chance(0.6)) model.drain(random.pick([8, 64, 4096]))
    }
    model.drain(4096)
    expect(model.published).toBeGreaterThan(WRAP)
    expect(model.rounds).toBeGreaterThan(100)
  })
})

test('a row larger than half the ring goes to the first region that holds it', () => {
  withSeed(1, (random) => {
    const model = new RingModel({
      capacityWords: 16,
      whenFull: 'grow',
      regions: 4,
      firstPosition: WRAP - 3,
      firstSequence: 0,
    })
    model.push(random, 3)
    model.push(random, 60)
    model.push(random, 3)
    model.drain(8)
    expect(model.published).toBe(3)
  })
})

test('a row that no region can hold is too large and does not make the ring grow', () => {
  withSeed(1, (random) => {
    const model = new RingModel({
      capacityWords: 16,
      whenFull: 'grow',
      regions: 4,
      firstPosition: 0,
      firstSequence: 0,
    })
    model.push(random, 1000)
    expect(model.dropped['too-large']).toBe(1)
    expect(model.region).toBe(0)
  })
})

test('a reader that begins where a journal is ahead of the ring drops no row and sees none again', () => {
  withSeed(1, (random) => {
    const model = new RingModel({
      capacityWords: 64,
      whenFull: 'drop',
      regions: 1,
      firstPosition: WRAP - 8,
      firstSequence: WRAP - 2,
    })
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 12; i++) model.push(random, 5)
      while (model.take(4096)) {
        // journaled, but the drain dies before it gives the room back
      }
      model.replaceReader(true)
      model.drain(4096)
    }
    expect(model.dropped['ring-full']).toBe(0)
    expect(model.published).toBe(WRAP - 2 + 120)
  })
})
