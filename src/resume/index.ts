import type { Run } from '../run/run.js'
import type { ResumeOptions } from './types.js'

export { ResumeError, type ResumeFrom, type ResumeOptions } from './types.js'

/**
 * Goes on with a run whose process has ended, killed or not: with its id, steps, metrics, sinks, and its newest good
 * checkpoint (`run.resumed`; `run.checkpoints.load({ model })` loads it). What the process had logged after that
 * checkpoint is superseded: it stays in the journal, and leaves every file and summary of the run. See docs/resume.md.
 *
 * Rejects with a ResumeError where there is no such run or its process lives, an OptionsError where the options are
 * wrong, a RunFileError where the run cannot be read. Blocks this thread while files are read.
 */
export async function resume(options: ResumeOptions = {}): Promise<Run> {
  const { resumeRun } = await import('./resume.js')
  return resumeRun(options)
}
