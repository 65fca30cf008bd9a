/** A media call is counted once, wherever between two stores its thread is ended. */
import { afterEach, expect, test, vi } from 'vitest'
import { MediaCommit } from '../../src/daemon/media-commit.js'
import { MEDIA_PRODUCER } from '../../src/record/media.js'
import { countersOf } from '../../src/ring/account.js'
import { DROP, F64, HEADER_BYTES, I32 } from '../../src/ring/layout.js'
import { createRing } from '../../src/ring/ring.js'

const SIZES = { capacityBytes: 65_536, whenFull: 'drop', maxCapacityBytes: 65_536, maxBlockMs: 0 } as const

afterEach(() => {
  vi.restoreAllMocks()
})

function fixture() {
  const media = createRing({ ...SIZES, producer: MEDIA_PRODUCER })
  const source = createRing({ ...SIZES, producer: 3 })
  const rings = [
    { id: 3, name: 'source', ring: source },
    { id: MEDIA_PRODUCER, name: 'media', ring: media },
  ]
  const open = () => new MediaCommit(media, rings)
  const state = () => ({
    head: new Int32Array(media, 0, HEADER_BYTES / 4)[I32.HEAD],
    published: countersOf(media)[F64.PUBLISHED],
    dropped: countersOf(media)[DROP['invalid-media']],
    done: countersOf(source)[F64.MEDIA_DONE],
  })
  return { open, state }
}

const publish = (n: number) => ({ producer: 3, done: n, counter: F64.PUBLISHED, count: n, head: n * 10 })
const AFTER_ONE = { head: 10, published: 1, dropped: 0, done: 1 }

/** Ends the thread, in that nothing further is stored. */
class Ended extends Error {}

test.for([0, 1, 2, 3, 4, 5])('ended after %d values were written down: the call is not done', (values) => {
  const { open, state } = fixture()
  const commit = open()
  commit.commit(publish(1))
  const set = Float64Array.prototype.set
  vi.spyOn(Float64Array.prototype, 'set').mockImplementation(function (this: Float64Array, given, at) {
    set.call(this, Array.from(given).slice(0, values), at)
    throw new Ended()
  })
  expect(() => commit.commit(publish(2))).toThrow(Ended)
  vi.restoreAllMocks()
  expect(state()).toEqual(AFTER_ONE)
  const successor = open()
  expect(state()).toEqual(AFTER_ONE)
  successor.commit(publish(2))
  expect(state()).toEqual({ head: 20, published: 2, dropped: 0, done: 2 })
})

test('ended before what is valid was applied: the successor applies it, once', () => {
  const { open, state } = fixture()
  const commit = open()
  commit.commit(publish(1))
  vi.spyOn(Atomics, 'store').mockImplementation(() => {
    throw new Ended()
  })
  const drop = { producer: 3, done: 2, counter: DROP['invalid-media'], count: 1, head: 10 }
  expect(() => commit.commit(drop)).toThrow(Ended)
  vi.restoreAllMocks()
  expect(state()).toEqual(AFTER_ONE)
  for (const _ of [1, 2]) {
    open()
    expect(state()).toEqual({ head: 10, published: 1, dropped: 1, done: 2 })
  }
})
