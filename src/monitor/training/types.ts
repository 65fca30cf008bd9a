/** How `trainingMonitor()` looks at a training. Every option may be left out. */
export interface TrainingMonitorOptions {
  /** Steps of the whole training: for `progress/percent` and `progress/eta_s`. */
  readonly totalSteps?: number | undefined
  /** In place of it, with `stepsPerEpoch`. */
  readonly totalEpochs?: number | undefined
  readonly stepsPerEpoch?: number | undefined
  /** Samples of a step, over all devices: for `throughput/samples_per_sec`. */
  readonly batchSize?: number | undefined
  /** Tokens of a step, over all devices: for `throughput/tokens_per_sec`. */
  readonly tokensPerStep?: number | undefined
  /** Steps between two rows of the monitor; default 50. */
  readonly every?: number | undefined
  /** Metrics whose best value is kept. Default: validation metrics whose name says which way is better. */
  readonly best?: readonly string[] | undefined
  /** Which way a metric gets better, where its name does not say so. */
  readonly goals?: { readonly [metric: string]: 'minimize' | 'maximize' } | undefined
  /** A step that takes so many times the median is a stall; default 5. */
  readonly stallFactor?: number | undefined
}

/** Of step times, in milliseconds; within 1.6 %. */
export interface StepTimes {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export interface BestValue {
  readonly value: number
  readonly step: number
}

/** What a training came to. */
export interface TrainingSummary {
  /** Steps that were timed: all but the first call, from which time counts. */
  readonly steps: number
  /** Without what was `untimed()`. */
  readonly seconds: number
  /** Null where nothing was timed. */
  readonly stepsPerSecond: number | null
  /** Null without `batchSize`. */
  readonly samplesPerSecond: number | null
  /** Null without `tokensPerStep`. */
  readonly tokensPerSecond: number | null
  readonly stepMs: StepTimes | null
  /** Part of the time that went into loading data, 0 to 1; null where nobody told. */
  readonly dataShare: number | null
  readonly stalls: number
  readonly best: { readonly [metric: string]: BestValue }
}
