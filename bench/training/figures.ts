import type { Figure } from '../benchmark.js'
import { median, quantile } from '../statistics.js'
import {
  type Block,
  type Compared,
  type ModelName,
  type OfVariants,
  type Turn,
  VARIANTS,
  type Variant,
} from './measured.js'

/** Added to a step, in percent of it; a step of a millisecond leaves less room. */
const TARGET: { readonly [model in ModelName]: number } = { 'main job': 1, 'small model': 2 }

const LOGGERS = ['offstep', 'naive', '@wandb/sdk'] as const

/** What the variants are called in figures and charts. */
export const TITLES: { readonly [variant in Variant]: string } = {
  none: 'no tracker',
  offstep: 'offstep',
  naive: 'JSON + appendFileSync',
  '@wandb/sdk': '@wandb/sdk',
}

export const notMeasured = (name: string, why: string): Figure => ({
  name: `${name}: not measured`,
  measured: 0,
  unit: '',
  note: why,
})

export function figuresOf(name: string, model: ModelName, compared: Compared): Figure[] {
  const { stepMs, blockSteps, rounds, alone } = compared
  if (rounds.length === 0 || alone === null) {
    const why = `a step takes ${stepMs.toFixed(0)} ms: ${VARIANTS.length} blocks of ${blockSteps} do not fit into the time`
    return [notMeasured(name, `${why}${onAdapter(compared)}`)]
  }
  return [
    stepFigure(name, compared),
    ...LOGGERS.map((variant) => addedFigure(name, variant, compared, TARGET[model])),
    againstNaive(name, compared),
    ...cpuFigures(name, alone, blockSteps),
    {
      name: `${name}: losses apart`,
      measured: lossesApart(alone, blockSteps),
      unit: 'nats',
      target: { atMost: 0 },
      note: 'the mean loss of a block with a tracker, against that without: all train the same',
    },
  ]
}

/** What `variant` adds to a step of `other` in the same round, in percent. */
export const added = ({ rounds }: Compared, variant: Variant, other: Variant, of: 'meanMs' | 'medianMs') =>
  rounds.map((round) => (round[variant][of] / round[other][of] - 1) * 100)

function stepFigure(name: string, compared: Compared): Figure {
  const { rounds, turnSteps, parameterCount, histogramEvery } = compared
  const work = `${parameterCount.toLocaleString('en')} parameters${onAdapter(compared)}`
  const blocks = `${rounds.length} turns of ${turnSteps} steps, histograms every ${histogramEvery}`
  return {
    name: `${name}: step without tracker`,
    measured: compared.distributions.none.p50 / 1000,
    unit: 'ms',
    note: `${tails(compared, 'none')}; ${work}; ${blocks}`,
  }
}

function addedFigure(
  name: string,
  variant: (typeof LOGGERS)[number],
  compared: Compared,
  atMost: number,
): Figure {
  const each = added(compared, variant, 'none', 'meanMs')
  const typical = median(added(compared, variant, 'none', 'medianMs'))
  const inCalls = (of: 'rowCallsMs' | 'histogramCallsMs') =>
    percent((total(compared, variant, of) / total(compared, 'none', 'meanMs')) * 100)
  const calls = `${inCalls('rowCallsMs')} in calls with rows, ${inCalls('histogramCallsMs')} with histograms`
  const step = `step ${(compared.distributions[variant].p50 / 1000).toFixed(3)} ms, ${tails(compared, variant)}`
  return {
    name: `${name}: ${TITLES[variant]} adds`,
    measured: median(each),
    unit: '%',
    ...(variant === 'offstep' ? { target: { atMost } } : {}),
    note: `${quartiles(each)}; ${percent(typical)} to the median step; ${calls}; ${step}`,
  }
}

function againstNaive(name: string, compared: Compared): Figure {
  const each = added(compared, 'offstep', 'naive', 'meanMs')
  return {
    name: `${name}: offstep against ${TITLES.naive}`,
    measured: median(each),
    unit: '%',
    // No target: in steps of 30 ms both are less than the rounds differ by themselves.
    note: quartiles(each),
  }
}

/** By thread, in percent of one core while the steps run. Time a step tells the variants apart on a busy machine too. */
function cpuFigures(name: string, alone: OfVariants<Block>, steps: number): Figure[] {
  return VARIANTS.map((variant) => {
    const { totalMs, cpuMs, afterwardsMs } = alone[variant]
    const roles = new Map<string, number>()
    for (const [thread, ms] of Object.entries(cpuMs)) {
      const role = thread.startsWith('deliver') ? 'pool' : thread
      roles.set(role, (roles.get(role) ?? 0) + (ms / totalMs) * 100)
    }
    const all = sum([...roles.values()])
    if (all === 0)
      return notMeasured(`${name}: CPU with ${TITLES[variant]}`, 'this system tells of no threads')
    const each = [...roles].map(([role, share]) => `${role} ${share.toFixed(1)}`).join(', ')
    const stepUs = ((cpuMs.training ?? 0) * 1000) / steps
    return {
      name: `${name}: CPU with ${TITLES[variant]}`,
      measured: all,
      unit: '% of a core',
      note: `${each}; training thread ${stepUs.toFixed(0)} us a step, ${afterwardsMs.toFixed(1)} ms after the last`,
    }
  })
}

const lossesApart = (alone: OfVariants<Block>, steps: number): number =>
  Math.max(...VARIANTS.map((variant) => Math.abs(alone[variant].lossSum - alone.none.lossSum) / steps))

const total = ({ rounds }: Compared, variant: Variant, of: keyof Turn): number =>
  sum(rounds.map((round) => round[variant][of]))

function tails({ distributions }: Compared, variant: Variant): string {
  const { p99, max } = distributions[variant]
  return `p99 ${(p99 / 1000).toFixed(2)}, max ${(max / 1000).toFixed(1)} ms`
}

const onAdapter = ({ adapter }: Compared): string => (adapter === null ? '' : ` on ${adapter}`)

const quartiles = (values: readonly number[]): string =>
  `quartiles ${quantile(values, 0.25).toFixed(2)} and ${quantile(values, 0.75).toFixed(2)} of ${values.length} rounds`

const percent = (value: number): string => `${value.toFixed(2)} %`

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
