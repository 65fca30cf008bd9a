import type { Latencies } from '../chart.js'

/** What trains: the example's model as `npm start` has it, and one whose step takes about a millisecond on WASM. */
export const MODELS = ['main job', 'small model'] as const
export type ModelName = (typeof MODELS)[number]

export type BackendName = 'wasm' | 'webgpu'

export const VARIANTS = ['none', 'offstep', 'naive', '@wandb/sdk'] as const
export type Variant = (typeof VARIANTS)[number]

export type OfVariants<T> = { readonly [variant in Variant]: T }

/** What the program is asked for. */
export interface Plan extends Lengths {
  readonly dir: string
  readonly model: ModelName
  readonly backend: BackendName
}

export interface Lengths {
  /** Rounds go on for so long. */
  readonly budgetMs: number
  readonly minRounds: number
  /** The steps before those that are timed, with the tracker too, take about so long. */
  readonly warmUpMs: number
  /** The timed steps of one turn take about so long; those before them, which are not timed, half of it. */
  readonly turnMs: number
  /** The timed steps of a tracker by itself take about so long, and are at least so many. */
  readonly blockMs: number
  readonly minSteps: number
  /** The weights' histograms are logged at every so many steps. */
  readonly histogramEvery: number
}

/** The timed steps of one turn; milliseconds a step. */
export interface Turn {
  readonly meanMs: number
  readonly medianMs: number
  /** Of the mean: in the tracker's calls, and in making the row; at steps with histograms, and at the others. */
  readonly histogramCallsMs: number
  readonly rowCallsMs: number
}

/** A tracker by itself, with a training of its own, from its first step to its end. */
export interface Block {
  readonly totalMs: number
  /** Sum over all steps: the same for all variants, or one of them has changed the training. */
  readonly lossSum: number
  /** By role of the thread, while the steps ran; all 0 where the system does not tell. */
  readonly cpuMs: { readonly [role: string]: number }
  /** CPU time of the training thread from the last step to the end of the tracker. */
  readonly afterwardsMs: number
}

export interface Compared {
  readonly stepMs: number
  readonly parameterCount: number
  /** The GPU, or what stands in for it; null where there is none in play. */
  readonly adapter: string | null
  /** Of one turn, and of one block. */
  readonly turnSteps: number
  readonly blockSteps: number
  readonly histogramEvery: number
  /** None where so many steps do not fit into the time. */
  readonly rounds: readonly OfVariants<Turn>[]
  readonly alone: OfVariants<Block> | null
  readonly distributions: OfVariants<Latencies>
}
