import type { Figure } from '../benchmark.js'
import type { Chart, Latencies } from '../chart.js'
import { type Fault, SURROUNDINGS } from './faults.js'

export interface Paced {
  /** Two clock reads with nothing in between, before each call. */
  readonly clock: Latencies
  readonly scalar: Latencies
  readonly row: Latencies
  readonly dropped: number
  readonly collections: number
  readonly longestCollectionMs: number
  /** What sinks and journal were doing when the loop ended, as far as it is not "up to date". */
  readonly trouble: string
}

export type States = ReadonlyMap<Fault, Paced>

const P99_US = { atMost: 2 }
const P999_US = { atMost: 10 }

/** Clock reads are in the latencies; alone they say how much of the tail is the machine's. */
export function figuresOf(fault: Fault, { clock, scalar, row, ...rest }: Paced): Figure[] {
  const { name: state, hasTargets } = SURROUNDINGS[fault]
  const us = (name: string, measured: number, target: { atMost: number }, note: string): Figure => ({
    name: `${state}: ${name}`,
    measured,
    unit: 'us',
    ...(hasTargets ? { target } : {}),
    note,
  })
  const { dropped, collections, longestCollectionMs, trouble } = rest
  const noise = `two clock reads alone: p99 ${clock.p99} us, p99.9 ${clock.p999} us, max ${Math.round(clock.max)} us`
  const garbage = `${collections} collections, longest ${longestCollectionMs.toFixed(1)} ms`
  return [
    us('scalar.log p99', scalar.p99, P99_US, tail(scalar)),
    us('scalar.log p99.9', scalar.p999, P999_US, noise),
    us('run.log p99', row.p99, P99_US, tail(row)),
    us(
      'run.log p99.9',
      row.p999,
      P999_US,
      [`${dropped} dropped`, garbage, trouble].filter(Boolean).join('; '),
    ),
  ]
}

const tail = ({ p50, p999, max }: Latencies) => `p50 ${p50} us, p99.9 ${p999} us, max ${Math.round(max)} us`

export function chartsOf(states: States): Chart[] {
  return [
    chartOf('run.log of 10 metrics, under fault', states, 'row'),
    chartOf('scalar.log, under fault', states, 'scalar'),
  ]
}

function chartOf(title: string, states: States, part: 'row' | 'scalar'): Chart {
  const calls = [...states].map(([fault, paced]) => ({
    name: SURROUNDINGS[fault].name,
    latencies: paced[part],
  }))
  const noise = (['none', 'all-cores-taken'] as const).flatMap((fault) => {
    const paced = states.get(fault)
    return paced === undefined
      ? []
      : [{ name: `two clock reads, ${SURROUNDINGS[fault].name}`, latencies: paced.clock }]
  })
  return {
    kind: 'percentiles',
    title,
    lines: [...calls, ...noise],
    note: "Two clock reads with nothing in between are the machine's own noise: a call is not below them.",
  }
}
