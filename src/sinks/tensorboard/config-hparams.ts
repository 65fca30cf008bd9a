import { processHParams } from '../../media/process/hparams.js'
import { MediaError } from '../../media/request.js'
import { RunFileError, readRunFile } from '../../store/run-file.js'
import { encodeSessionStart } from './media/hparams.js'
import type { SummaryValue } from './media/summary.js'

/** The config of a run as its hyper-parameters; null where it has none. `startTime`: ms since the epoch. Blocks. */
export function configHParams(runDir: string, startTime: number): SummaryValue | null {
  try {
    const { value } = processHParams({ values: readRunFile(runDir).config })
    return encodeSessionStart(value, startTime)
  } catch (error) {
    // A config without any, or a damaged run.json, which others report: that costs the hyper-parameters alone.
    if (error instanceof MediaError || error instanceof RunFileError) return null
    throw error
  }
}
