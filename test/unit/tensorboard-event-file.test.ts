import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextEventFileName, recoverDirectory } from '../../src/sinks/tensorboard/event-file.js'
import { runDirectory } from './support/sink-run.js'

const NOW = 1_732_000_000_000

describe('names', () => {
  test('a name holds the time in seconds, as the names of other writers do', () => {
    expect(nextEventFileName(undefined, NOW + 999)).toBe('events.out.tfevents.1732000000.00000001.offstep')
  })

  test('a later name sorts after every earlier one, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4_000_000_000_000 }), { minLength: 2 }), (times) => {
        const names: string[] = []
        for (const time of times) names.push(nextEventFileName(names.at(-1), time))
        expect([...names].sort()).toEqual(names)
        expect(new Set(names).size).toBe(names.length)
      }),
    )
  })

  test('the serial goes from 9 to 10 without a change of order', () => {
    const ninth = 'events.out.tfevents.1732000000.00000009.offstep'
    expect(nextEventFileName(ninth, NOW) > ninth).toBe(true)
  })
})

describe('recovery of a directory', () => {
  const [first, second, third] = [1, 2, 3].map(
    (serial) => `events.out.tfevents.1732000000.0000000${serial}.offstep`,
  ) as [string, string, string]

  function directoryWith(...names: readonly string[]): string {
    const path = join(runDirectory(), 'tensorboard')
    mkdirSync(path)
    for (const name of names) writeFileSync(join(path, name), 'committed+torn')
    return path
  }

  test('the committed file is cut to its committed length', () => {
    const path = directoryWith(first)
    recoverDirectory(path, { file: first, length: 9 }, false)
    expect(readFileSync(join(path, first), 'utf8')).toBe('committed')
  })

  test('files that sort after the committed one are removed, earlier ones stay whole', () => {
    const path = directoryWith(first, second, third)
    recoverDirectory(path, { file: second, length: 9 }, false)
    expect(readdirSync(path).sort()).toEqual([first, second])
    expect(readFileSync(join(path, first), 'utf8')).toBe('committed+torn')
  })

  test('where nothing was committed, every file of ours is removed', () => {
    const path = directoryWith(first, second)
    recoverDirectory(path, undefined, false)
    expect(readdirSync(path)).toEqual([])
  })

  test('files that others wrote there stay', () => {
    const others = ['events.out.tfevents.9999999999.host.1.0', 'projector_config.pbtxt']
    const path = directoryWith(first, ...others)
    recoverDirectory(path, undefined, false)
    expect(readdirSync(path).sort()).toEqual(others)
  })

  test('the name of a removed file is not used again: a reader may still hold its bytes', () => {
    const path = directoryWith(first, second, third)
    const { newestName } = recoverDirectory(path, { file: first, length: 9 }, false)
    expect(nextEventFileName(newestName, 0)).toBe('events.out.tfevents.1732000000.00000004.offstep')
  })
})
