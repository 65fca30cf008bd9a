import type { Figure } from '../benchmark.js'
import { exponent, median } from '../statistics.js'

export type Points = readonly (readonly [size: number, value: number])[]

/** What was measured at each size, in ascending order of sizes. */
export type Growth<Values> = readonly (readonly [size: number, values: Values])[]

/** Measures every size in each round, upwards and downwards in turns; medians over the rounds. */
export async function growthOf<Name extends string>(
  sizes: readonly number[],
  rounds: number,
  measure: (size: number) => Promise<{ readonly [name in Name]: number }>,
): Promise<Growth<{ readonly [name in Name]: number }>> {
  const measured = new Map(sizes.map((size) => [size, [] as { readonly [name in Name]: number }[]]))
  for (let round = 0; round < rounds; round++) {
    for (const size of round % 2 === 0 ? sizes : sizes.toReversed())
      measured.get(size)!.push(await measure(size))
  }
  return [...measured].map(([size, all]) => {
    const names = Object.keys(all[0]!) as Name[]
    const middle = names.map((name) => [name, median(all.map((values) => values[name]))])
    return [size, Object.fromEntries(middle) as { readonly [name in Name]: number }]
  })
}

/** One curve of it. */
export const curve = <Name extends string>(
  growth: Growth<{ readonly [name in Name]: number }>,
  name: Name,
): Points => growth.map(([size, values]) => [size, values[name]])

/** `atMost`: 1 and a little is linear, 0 and a little is flat. */
export function exponentFigure(of: string, points: Points, atMost?: number, note?: string): Figure {
  const [first, last] = [points[0]!, points.at(-1)!]
  const range = `${first[0].toLocaleString('en')} to ${last[0].toLocaleString('en')}`
  return {
    name: `exponent of ${of}`,
    measured: exponent(points),
    unit: '',
    ...(atMost === undefined ? {} : { target: { atMost } }),
    note: note === undefined ? range : `${range}; ${note}`,
  }
}
