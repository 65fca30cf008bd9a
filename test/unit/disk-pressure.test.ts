import { describe, expect, test } from 'vitest'
import { BELOW_FLOOR, DiskPressure, isRebuildable, mustHold } from '../../src/daemon/disk-pressure.js'
import { seededRandom } from '../support/random.js'

const MIB = 2 ** 20
const TOTAL = 1000 * MIB

/** The machine with a clock, a disk and a count of drops that the test moves. */
class World {
  now = 1000
  freeBytes: number | null = TOTAL
  dropped = 0
  looks = 0
  readonly told: string[] = []
  readonly first: boolean[] = []
  readonly pressure: DiskPressure

  constructor(minFreeBytes = 0) {
    this.pressure = new DiskPressure({
      minFreeBytes,
      space: () => {
        this.looks++
        return this.freeBytes === null ? null : { freeBytes: this.freeBytes, totalBytes: TOTAL }
      },
      dropped: () => this.dropped,
      tell: (message, first) => {
        this.told.push(message)
        this.first.push(first)
      },
      note: () => {},
    })
  }

  get level(): string {
    return this.pressure.level
  }

  /** Lets time pass as the daemon does: with a tick every 50 ms. */
  pass(ms: number, each = () => {}): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 50
      this.pressure.tick(this.now)
      each()
    }
  }

  mayWrite(sink = 'jsonl'): boolean {
    return this.pressure.mayWrite(sink, this.now)
  }

  ended(sink: string, code: string | null): boolean {
    return this.pressure.sliceEnded(sink, code, this.now)
  }

  /** Time until a sink may try, in ms. */
  waitForTrial(limitMs = 100_000): number {
    const from = this.now
    while (!this.mayWrite() && this.now - from < limitMs) this.now += 50
    return this.now - from
  }
}

const FLOOR = 100 * MIB

test('with room and without a floor everything runs, and the disk is not looked at', () => {
  const world = new World()
  world.pass(60_000, () => expect(world.mayWrite()).toBe(true))
  expect(world.looks).toBe(0)
  expect(world.told).toEqual([])
})

test('with a floor the disk is looked at once a second', () => {
  const world = new World(FLOOR)
  world.pass(60_000, () => world.mayWrite())
  expect(world.looks).toBe(60)
})

test.for(['EIO', 'EROFS', 'EACCES', 'EMFILE', 'UNEXPECTED'])('%s is no want of room', (code) => {
  const world = new World()
  expect(world.ended('jsonl', code)).toBe(false)
  expect(world.pressure.failed(code, world.now)).toBe(false)
  expect(world.pressure.journalFailed(code, world.now)).toBe(false)
  expect(world.level).toBe('plenty')
})

test.for(['ENOSPC', 'EDQUOT'])('%s of one sink makes all that can be rebuilt wait', (code) => {
  const world = new World()
  expect(world.ended('csv', code)).toBe(true)
  expect(world.level).toBe('scarce')
  for (const sink of ['jsonl', 'csv', 'tensorboard', 'summary']) expect(world.mayWrite(sink)).toBe(false)
  expect(world.told).toHaveLength(1)
  expect(world.told[0]).toContain(code)
})

test('a write of run.json that has no room begins it too', () => {
  const world = new World()
  expect(world.pressure.failed('ENOSPC', world.now)).toBe(true)
  expect(world.mayWrite()).toBe(false)
})

test('only sinks that the journal can rebuild wait', () => {
  const wait = (name: string, module: string | null) => isRebuildable({ name, module })
  expect(['jsonl', 'csv', 'tensorboard', 'summary'].map((name) => wait(name, null))).not.toContain(false)
  expect(wait('console', null)).toBe(false)
  expect(wait('jsonl', 'file:///mine.mjs')).toBe(false)
})

describe('below the floor', () => {
  test('the sinks wait, and go on a tenth above it when that has lasted for a second', () => {
    const world = new World(FLOOR)
    world.freeBytes = FLOOR - 1
    world.pass(1000)
    expect(world.level).toBe('scarce')
    world.freeBytes = FLOOR * 1.09
    world.pass(20_000, () => expect(world.mayWrite()).toBe(false))
    world.freeBytes = FLOOR * 1.1
    expect(world.waitForTrial()).toBeLessThanOrEqual(2100)
    expect(world.ended('jsonl', null)).toBe(false)
    expect(world.level).toBe('plenty')
    expect(world.told).toHaveLength(2)
  })

  test('they go on where there is nothing to try with', () => {
    const world = new World(FLOOR)
    world.freeBytes = 0
    world.pass(5000)
    world.freeBytes = TOTAL
    world.pass(4000)
    expect(world.level).toBe('plenty')
  })

  test('the journal holds below half of it, and is released at six tenths', () => {
    expect(mustHold(FLOOR / 2, FLOOR, false)).toBe(false)
    expect(mustHold(FLOOR / 2 - 1, FLOOR, false)).toBe(true)
    expect(mustHold(0.6 * FLOOR - 1, FLOOR, true)).toBe(true)
    expect(mustHold(0.6 * FLOOR, FLOOR, true)).toBe(false)
    expect(mustHold(0, 0, false)).toBe(false)
  })

  test('a journal that holds is told as the floor, not as a full disk', () => {
    const world = new World(FLOOR)
    world.freeBytes = 0
    expect(world.pressure.journalFailed(BELOW_FLOOR, world.now)).toBe(true)
    expect(world.level).toBe('full')
    expect(world.told[0]).toContain(`disk.minFreeBytes (${FLOOR} bytes)`)
  })
})

describe('the journal without room', () => {
  test('no sink tries meanwhile, nor in the second after it could write again', () => {
    const world = new World()
    world.pressure.journalFailed('ENOSPC', world.now)
    world.pass(60_000, () => expect(world.mayWrite()).toBe(false))
    world.pressure.journalWrites(world.now)
    expect(world.level).toBe('scarce')
    expect(world.waitForTrial()).toBeGreaterThanOrEqual(1000)
  })

  test('that comes while a sink tries: its success ends nothing', () => {
    const world = new World()
    world.ended('jsonl', 'ENOSPC')
    world.waitForTrial()
    world.pressure.journalFailed('ENOSPC', world.now)
    world.ended('jsonl', null)
    expect(world.level).toBe('full')
  })
})

describe('whether there is room is tried', () => {
  test('by one sink, and the others wait for what comes of it', () => {
    const world = new World()
    world.ended('csv', 'EDQUOT')
    world.waitForTrial()
    expect(world.mayWrite('jsonl')).toBe(true)
    expect(world.mayWrite('csv')).toBe(false)
    world.ended('jsonl', null)
    expect(world.mayWrite('csv')).toBe(true)
  })

  test('by another where the first fails for another reason', () => {
    const world = new World()
    world.ended('csv', 'EDQUOT')
    world.waitForTrial()
    expect(world.ended('jsonl', 'EIO')).toBe(false)
    expect(world.level).toBe('scarce')
    expect(world.mayWrite('csv')).toBe(true)
  })

  test('with a back-off of 1 s to 30 s, where the disk does not show what is missing', () => {
    const world = new World()
    world.ended('jsonl', 'EDQUOT')
    const waits = Array.from({ length: 8 }, () => {
      const waited = world.waitForTrial()
      world.ended('jsonl', 'EDQUOT')
      return Math.round(waited / 1000)
    })
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
  })

  test('within two seconds where the disk shows that there is room now', () => {
    const world = new World()
    world.freeBytes = 0
    world.ended('jsonl', 'ENOSPC')
    world.pass(600_000, () => expect(world.mayWrite()).toBe(false))
    world.freeBytes = 20 * MIB
    expect(world.waitForTrial()).toBeLessThanOrEqual(2100)
  })

  test('not with the last bytes of a disk, which are the journal’s', () => {
    const world = new World()
    world.freeBytes = 0
    world.ended('jsonl', 'ENOSPC')
    world.freeBytes = 15 * MIB
    world.pass(60_000, () => expect(world.mayWrite()).toBe(false))
  })

  test('by time alone where the system does not tell what is free', () => {
    const world = new World(FLOOR)
    world.freeBytes = null
    world.pass(10_000)
    expect(world.level).toBe('plenty')
    world.ended('jsonl', 'ENOSPC')
    expect(world.waitForTrial()).toBeLessThanOrEqual(2000)
  })

  test('an episode soon after another goes on with its back-off, one much later begins anew', () => {
    const world = new World()
    const episode = (): number => {
      world.ended('jsonl', 'EDQUOT')
      const waited = world.waitForTrial()
      world.ended('jsonl', null)
      return Math.round(waited / 1000)
    }
    expect([episode(), episode(), episode()]).toEqual([1, 2, 4])
    world.pass(61_000)
    expect(episode()).toBe(1)
  })
})

describe('the user is told', () => {
  const episode = (world: World, drops = 0): void => {
    world.pressure.journalFailed('ENOSPC', world.now)
    world.pass(2000)
    world.dropped += drops
    world.pressure.journalWrites(world.now)
    world.waitForTrial()
    world.ended('jsonl', null)
    expect(world.level).toBe('plenty')
  }

  test('once that it begins, once that it gets worse, and how it ended', () => {
    const world = new World()
    world.freeBytes = 0
    for (let n = 0; n < 10; n++) world.ended('jsonl', 'ENOSPC')
    world.pass(5000)
    for (let n = 0; n < 10; n++) world.pressure.journalFailed('ENOSPC', world.now)
    world.dropped = 7
    world.pass(5000)
    world.freeBytes = TOTAL
    world.pressure.journalWrites(world.now)
    world.waitForTrial()
    world.ended('jsonl', null)
    expect(world.told).toHaveLength(3)
    expect(world.told[0]).toContain('the sinks that can be rebuilt wait')
    expect(world.told[1]).toContain('the journal cannot be written')
    const seconds = (world.now - 1000) / 1000
    expect(world.told[2]).toContain(`room on the disk again after ${seconds.toFixed(1)} s`)
    expect(world.told[2]).toContain('7 records were dropped')
    expect(world.first).toEqual([true, true, false])
  })

  test('once a minute at most, with all drops and how often it was', () => {
    const world = new World()
    for (let n = 0; n < 5; n++) episode(world, 3)
    expect(world.told).toHaveLength(2)
    expect(world.told[1]).toContain(' 3 records')
    world.pass(61_000)
    episode(world, 3)
    expect(world.told).toHaveLength(4)
    expect(world.told[3]).toContain('5 times')
    expect(world.told[3]).toContain(' 15 records')
    expect(world.first).toEqual([true, false, false, false])
  })

  test('of one that was kept back, once it lasts', () => {
    const world = new World()
    episode(world)
    world.freeBytes = 0
    world.ended('jsonl', 'ENOSPC')
    world.pass(30_000)
    expect(world.told).toHaveLength(2)
    world.pass(31_000)
    expect(world.told).toHaveLength(3)
  })
})

test.for([1, 2, 3, 4, 5, 6, 7, 8])(
  'whatever happens, a sink writes only while there is room or it is the one that tries, and in the end all run (seed %i)',
  (seed) => {
    const random = seededRandom(seed)
    const world = new World(random() < 0.5 ? 0 : FLOOR)
    const sinks = ['jsonl', 'csv', 'tensorboard', 'summary']
    let journalFails = false
    for (let n = 0; n < 5000; n++) {
      world.now += random() * 500
      const what = random()
      if (what < 0.05) world.freeBytes = random() < 0.5 ? 0 : random() * 2 * FLOOR
      else if (what < 0.1) {
        journalFails = world.pressure.journalFailed(random() < 0.5 ? 'EDQUOT' : BELOW_FLOOR, world.now)
      } else if (what < 0.2) {
        world.pressure.journalWrites(world.now)
        journalFails = false
      } else if (what < 0.3) world.pressure.failed('ENOSPC', world.now)
      world.pressure.tick(world.now)
      const allowed = sinks.filter((sink) => world.mayWrite(sink))
      expect(world.level === 'full').toBe(journalFails)
      if (world.level === 'full') expect(allowed).toEqual([])
      else if (world.level === 'scarce') expect(allowed.length).toBeLessThanOrEqual(1)
      else expect(allowed).toEqual(sinks)
      for (const sink of allowed) world.ended(sink, [null, 'ENOSPC', 'EIO'][Math.floor(random() * 3)]!)
    }
    world.freeBytes = TOTAL
    world.pressure.journalWrites(world.now)
    world.pass(40_000, () => {
      for (const sink of sinks) if (world.mayWrite(sink)) world.ended(sink, null)
    })
    expect(world.level).toBe('plenty')
  },
)
