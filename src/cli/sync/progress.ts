import type { FoundRun } from '../../recovery/find-runs.js'
import type { RecoveryProgress } from '../../recovery/report.js'
import type { Output } from '../output.js'
import { Bars } from './bars.js'
import { Lines } from './lines.js'
import type { Outcome } from './outcome.js'

/** What a person sees while runs are delivered. All calls come on one thread, `update` after each batch. */
export interface ProgressView {
  begin(run: FoundRun): void
  update(progress: RecoveryProgress): void
  end(outcome: Outcome): void
  /** A line that stays. */
  say(text: string): void
  /** Gives the terminal back as it was. May be called at any time, and twice. */
  stop(): void
}

export function createProgressView(output: Output, runs: number): ProgressView {
  if (output.interactive) return new Bars(output, runs)
  return output.json ? SILENT : new Lines(output, runs)
}

/** For `--json` into a pipe: nobody is looking. */
const SILENT: ProgressView = { begin() {}, update() {}, end() {}, say() {}, stop() {} }
