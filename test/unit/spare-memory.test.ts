import { describe, expect, it } from 'vitest'
import { SpareMemory } from '../../src/run/media/spare-memory.js'

const KIB = 1024
const MIB = 2 ** 20

describe('memory of media calls that are done', () => {
  it('serves the next call of the same size, the last one given first', () => {
    const memory = new SpareMemory()
    const buffers = [memory.take(40_000), memory.take(40_000), memory.take(8 * KIB)] as const
    for (const buffer of buffers) memory.give(buffer)
    expect(memory.take(40_000)).toBe(buffers[1])
    expect(memory.take(8 * KIB)).toBe(buffers[2])
    expect(memory.take(40_000)).toBe(buffers[0])
    expect(buffers).not.toContain(memory.take(40_000))
  })

  it('has room for the sizes that are in use now, whatever was given before', () => {
    const memory = new SpareMemory()
    for (let size = 0; size < 40; size++) memory.give(new SharedArrayBuffer(MIB + size))
    const used = memory.take(2 * MIB)
    memory.give(used)
    expect(memory.take(2 * MIB)).toBe(used)
    const first = new SharedArrayBuffer(4 * KIB)
    memory.give(first)
    for (let count = 1; count <= 256; count++) memory.give(new SharedArrayBuffer(4 * KIB + count))
    expect(memory.take(4 * KIB)).not.toBe(first)
    expect(memory.take(4 * KIB + 256).byteLength).toBe(4 * KIB + 256)
  })

  it('keeps nothing that fills it alone, and nothing that costs no more new', () => {
    const memory = new SpareMemory()
    for (const bytes of [4 * KIB - 1, 32 * MIB + 1]) {
      const buffer = memory.take(bytes)
      memory.give(buffer)
      expect(memory.take(bytes)).not.toBe(buffer)
    }
  })
})
