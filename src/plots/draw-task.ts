import { yieldToTraining } from '../delivery/priority.js'
import { type WrittenPlots, writePlots } from './write-plots.js'

/** The task of the pool thread that draws a run's plots beside its training. */
export async function drawPlots(runDir: string): Promise<WrittenPlots> {
  yieldToTraining()
  return writePlots(runDir)
}
