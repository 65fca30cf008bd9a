import type { Hyperparameters } from './hyperparameters.js'

/** When training ends: after so many steps, so many seconds, or whichever comes first. */
export interface Budget {
  readonly steps?: number
  readonly seconds?: number
}

/** How much of the budget is used: 0 at the start, 1 or more when training is over. */
export function fractionDone(budget: Budget, step: number, elapsedSeconds: number): number {
  return Math.max(step / (budget.steps ?? Infinity), elapsedSeconds / (budget.seconds ?? Infinity))
}

/** Linear warm-up over the first steps, then a cosine from the peak down to its final fraction. */
export function learningRateAt(step: number, fraction: number, options: Hyperparameters): number {
  const warmup = Math.min(1, step / options.warmupSteps)
  const cosine = 0.5 * (1 + Math.cos(Math.PI * Math.min(1, fraction)))
  const floor = options.finalLearningRateFraction
  return options.learningRate * warmup * (floor + (1 - floor) * cosine)
}
