import { afterEach, expect, test, vi } from 'vitest'
import { Random } from './support/random.js'
import { type Geometry, RingModel } from './support/ring-model.js'

vi.setConfig({ testTimeout: 600_000 })

/**
 * The two sides of a ring touch each other only through atomic operations. Here one side is stopped before each
 * of its atomic operations in turn, and the other side makes a move there: all interleavings of one call with
 * one burst of the other thread, without a second thread.
 */
const real = { load: Atomics.load, store: Atomics.store, notify: Atomics.notify }
type AnyFunction = (...args: unknown[]) => unknown

function restore(): void {
  Object.assign(Atomics, real)
}

afterEach(restore)

/** Runs `call`, and `move` before its `at`-th atomic operation. Returns how many operations `call` made. */
function interleave(call: () => void, at: number, move: () => void): number {
  let count = 0
  for (const [name, operation] of Object.entries(real)) {
    Object.assign(Atomics, {
      [name]: (...args: unknown[]) => {
        if (count++ === at) {
          restore()
          move()
        }
        return (operation as AnyFunction)(...args)
      },
    })
  }
  try {
    call()
  } finally {
    restore()
  }
  return count
}

/** Tries every place in `call`, in a fresh ring each; `after` brings the ring to its end and checks it. */
function everywhere(fresh: () => { call(): void; move(): void; after(): void }): number {
  for (let at = 0; ; at++) {
    const { call, move, after } = fresh()
    let moved = false
    interleave(call, at, () => {
      moved = true
      move()
    })
    after()
    if (!moved) return at
  }
}

const ring = (geometry: Partial<Geometry>): RingModel =>
  new RingModel({
    capacityWords: 32,
    whenFull: 'drop',
    regions: 1,
    firstPosition: 2 ** 32 - 24,
    firstSequence: 2 ** 32 - 2,
    ...geometry,
  })

test.each([
  ['drop', 1],
  ['grow', 4],
] as const)(
  'a producer (%s) that writes at any point of a take loses and repeats no row',
  (whenFull, regions) => {
    let points = 0
    for (let before = 0; before <= 8; before++) {
      for (let burst = 1; burst <= 30; burst++) {
        points += everywhere(() => {
          const random = new Random(before * 100 + burst)
          // From a region's first word, too: a take ends where the region does, and must not end by that alone.
          const model = ring({ whenFull, regions, firstPosition: 2 ** 32 - [32, 24, 64, 41][burst % 4]! })
          for (let i = 0; i < before; i++) model.push(random, 4)
          return {
            call: () => model.takeSome(4096),
            move: () => {
              for (let i = 0; i < burst; i++) model.push(random, random.int(3, 8))
            },
            after: () => {
              model.drain(256)
              expect(model.reader.nextSequence).toBe(model.published)
            },
          }
        })
      }
    }
    expect(points).toBeGreaterThan(500)
  },
)

test.each([
  ['drop', 1],
  ['grow', 3],
] as const)(
  'a drain that takes and releases at any point of a reserve (%s) leaves every row whole',
  (whenFull, regions) => {
    let points = 0
    for (let before = 0; before <= 10; before++) {
      for (const words of [3, 5, 9, 16]) {
        points += everywhere(() => {
          const random = new Random(before * 100 + words)
          const model = ring({ whenFull, regions })
          for (let i = 0; i < before; i++) model.push(random, 4)
          return {
            call: () => model.pushUnchecked(random, words),
            move: () => model.drainSome(24),
            after: () => {
              for (let i = 0; i < 4; i++) model.push(random, 5)
              model.drain(256)
              expect(model.reader.nextSequence).toBe(model.published)
            },
          }
        })
      }
    }
    expect(points).toBeGreaterThan(50)
  },
)
