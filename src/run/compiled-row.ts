import { KIND_ROW, ROW_HEADER_WORDS, rowWords } from '../record/frame.js'
import { F64 } from '../ring/layout.js'
import type { RingWriter } from '../ring/writer.js'
import type { MetricValues } from './values.js'

/**
 * Logs a row that has the names it was made for, in their order. False: it has other names, and nothing was read or
 * logged. The values that it has read where one of them is no number, or the step is none: nothing was logged.
 */
export type CompiledRow = (values: MetricValues, step: number | undefined) => boolean | readonly unknown[]

type Make = (ring: RingWriter, counters: Float64Array, names: readonly string[]) => CompiledRow

/**
 * Code for rows of just these names. A loop over the names of any object reads its values by name: V8 looks each up,
 * about 30 instructions more than an access whose name is in the code, and leaves a number on the heap for each.
 *
 * All values are read before anything is stored: a getter of the caller's may log a row of its own.
 *
 * Throws where the process does not allow code from strings (`--disallow-code-generation-from-strings`).
 */
export function compileRow(ring: RingWriter, names: readonly string[], ids: readonly number[]): CompiledRow {
  const words = rowWords(names.length)
  const firstId = (ROW_HEADER_WORDS + names.length) * 2
  const each = (line: (index: number) => string, separator = '\n'): string =>
    names.map((_, index) => line(index)).join(separator)
  const source = `return (values, givenStep) => {
    let place = 0
    for (const name in values) if (name !== names[place++]) return false
    if (place !== ${names.length}) return false
    const time = Date.now()
    ${each((i) => `const v${i} = values[${JSON.stringify(names[i])}]`)}
    const step = givenStep === undefined ? counters[${F64.LAST_STEP}] + 1 : givenStep
    if (${each((i) => `typeof v${i} !== 'number'`, ' || ')} || typeof step !== 'number' || step - step !== 0)
      return [${each((i) => `v${i}`, ', ')}]
    counters[${F64.LAST_STEP}] = step
    const at = ring.reserve(${words})
    if (at < 0) return true
    const { f64, u32 } = ring
    const sequence = counters[${F64.PUBLISHED}]
    const half = at * 2
    u32[half] = ${((words << 8) | KIND_ROW) >>> 0}
    u32[half + 1] = sequence
    f64[at + 1] = step
    f64[at + 2] = time
    ${each((i) => `f64[at + ${ROW_HEADER_WORDS + i}] = v${i}`)}
    ${each((i) => `u32[half + ${firstId + i}] = ${ids[i]}`)}
    counters[${F64.PUBLISHED}] = sequence + 1
    ring.publish(${words})
    return true
  }`
  const make = new Function('ring', 'counters', 'names', source) as Make
  return make(ring, ring.counters, names)
}
