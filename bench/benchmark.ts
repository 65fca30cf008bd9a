import type { Chart } from './chart.js'

/** One measured value, and what it should be. */
export interface Figure {
  readonly name: string
  readonly measured: number
  readonly unit: string
  /** Left out where the figure only explains others. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number }
  readonly note?: string
}

/** What the command line asks of every benchmark. */
export interface Settings {
  /** Length of the measured part, where a benchmark has one. */
  readonly seconds: number | null
  /** A minute for all of them: shows that they run, not what they measure. */
  readonly quick: boolean
}

/** The parts of the suite, as the command line names them. */
export const SCOPES = [
  'hot-path',
  'latency',
  'throughput',
  'training',
  'startup',
  'memory',
  'delivery',
  'reading',
] as const
export type Scope = (typeof SCOPES)[number]

export interface Measured {
  readonly figures: readonly Figure[]
  readonly charts: readonly Chart[]
}

export interface Benchmark {
  readonly name: string
  readonly about: string
  /** Where it belongs; a benchmark that answers several questions is in several. */
  readonly scopes: readonly Scope[]
  run(settings: Settings): Promise<readonly Figure[] | Measured>
}

/** The benchmark's own length, unless the command line has another. */
export const secondsOf = ({ seconds, quick }: Settings, full: number, short: number): number =>
  seconds ?? (quick ? short : full)

export function verdict({ measured, target }: Figure): 'ok' | 'miss' | '' {
  if (target === undefined) return ''
  return ('atMost' in target ? measured <= target.atMost : measured >= target.atLeast) ? 'ok' : 'miss'
}
