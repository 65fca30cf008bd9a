export { type TrainingMonitor, trainingMonitor } from './monitor.js'
export type { BestValue, StepTimes, TrainingMonitorOptions, TrainingSummary } from './types.js'
