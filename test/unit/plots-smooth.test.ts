import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultSmoothing, smooth } from '../../src/plots/smooth.js'
import { logTicks, yDomainOf } from '../../src/plots/y-domain.js'

const numbers = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 60 })
const weight = fc.double({ min: 0.01, max: 0.99, noNaN: true })

describe('a smoothed line', () => {
  test('is the same from both sides: it is not behind the values', () => {
    fc.assert(
      fc.property(numbers, weight, (values, by) => {
        const there = smooth(values, by)
        const back = smooth(values.toReversed(), by).reverse()
        for (const [index, value] of there.entries()) expect(value).toBeCloseTo(back[index]!, 6)
      }),
    )
  })

  test('stays within its values, and a constant is a constant', () => {
    fc.assert(
      fc.property(numbers, weight, (values, by) => {
        const [low, high] = [Math.min(...values), Math.max(...values)]
        for (const value of smooth(values, by)) {
          expect(value).toBeGreaterThanOrEqual(low - 1e-6)
          expect(value).toBeLessThanOrEqual(high + 1e-6)
        }
      }),
    )
    for (const value of smooth([3, 3, 3, 3], 0.9)) expect(value).toBeCloseTo(3, 12)
  })

  test('keeps what is not finite, and does not count it', () => {
    const [first, second, third] = smooth([1, Number.NaN, 1], 0.5)
    expect([first, second, third]).toEqual([1, Number.NaN, 1])
  })

  test('is not there by itself where there is no noise, or hardly a point', () => {
    const course = Array.from({ length: 500 }, (_, index) => 1 / (1 + index))
    expect(defaultSmoothing(course)).toBe(0)
    expect(defaultSmoothing(course.map((value, index) => value + (index % 2)))).toBeGreaterThan(0.5)
    expect(defaultSmoothing([1, 5, 1, 5, 1, 5])).toBe(0)
  })
})

describe('an axis', () => {
  test('has all values, but for single ones that would make the others a flat line', () => {
    const near = Array.from({ length: 200 }, (_, index) => 1 + (index % 10) / 10)
    expect(yDomainOf(near, false)).toMatchObject({ domain: [1, 1.9], outside: 0 })
    const far = yDomainOf([...near, 1000], false)
    expect(far).toMatchObject({ outside: 1, farthest: 1000 })
    expect(far.domain[1]).toBeLessThan(3)
  })

  test('has a height also where a line never changes, or has no values', () => {
    for (const values of [[5, 5, 5], [0], [], [-2]]) {
      const { domain } = yDomainOf(values, false)
      expect(domain[0]).toBeLessThan(domain[1])
    }
  })

  test('that is logarithmic has ticks within it, and never many', () => {
    const powers = fc.tuple(
      fc.double({ min: -12, max: 12, noNaN: true }),
      fc.double({ min: 0.4, max: 20, noNaN: true }),
    )
    fc.assert(
      fc.property(powers, ([from, decades]) => {
        const [low, high] = [10 ** from, 10 ** (from + decades)] as const
        const ticks = logTicks([low, high])
        expect(ticks.length).toBeLessThanOrEqual(12)
        for (const tick of ticks) expect(tick >= low && tick <= high).toBe(true)
        if (decades >= 1) expect(ticks.length).toBeGreaterThan(0)
      }),
    )
  })
})
