/** The defaults were chosen for about 30 ms a step on two laptop-class cores (WASM backend, one SIMD thread). */
export const hyperparameters = {
  embeddingSize: 32,
  channels: 128,
  /** Each layer sees two characters, a dilation apart, so that the four together see 16. */
  taps: 2,
  dilations: [1, 2, 4, 8],
  sequenceLength: 64,
  batchSize: 8,
  learningRate: 1e-2,
  finalLearningRateFraction: 0.05,
  warmupSteps: 50,
  adamBeta1: 0.9,
  adamBeta2: 0.99,
  adamEpsilon: 1e-8,
  clipNorm: 1,
  validateEverySteps: 50,
}

export type Hyperparameters = typeof hyperparameters
