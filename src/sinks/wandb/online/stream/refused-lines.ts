import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../../../../store/atomic-file.js'
import type { RejectedRow, SinkContext } from '../../../sink.js'
import type { RefusedLine } from './line-sender.js'

/**
 * What becomes of lines that W&B refuses: their rows are dead letters. A history line may also hold rows of an earlier
 * batch, which count as delivered, since the line was still open: it is kept whole in `wandb/refused/<step>.json`.
 * Blocks.
 */
export function keepRefused(
  refused: readonly RefusedLine[],
  { runDir, warn }: Pick<SinkContext, 'runDir' | 'warn'>,
): RejectedRow[] {
  const directory = join(runDir, 'wandb', 'refused')
  for (const { line, cause, reason } of refused) {
    if (line.history?.holdsEarlierRows !== true) continue
    mkdirSync(directory, { recursive: true })
    // Named by what it is, so that a line that comes again after a crash is not there twice.
    const text = `{"cause":${JSON.stringify(cause)},"reason":${JSON.stringify(reason)},"line":${line.json}}\n`
    writeFileAtomic(join(directory, `${line.history.step}.json`), text)
    warn('refused-line', `W&B has refused a line of earlier rows; it is kept in ${directory} (${reason})`)
  }
  return once(refused.flatMap(({ line, cause, reason }) => line.rows.map((row) => ({ row, cause, reason }))))
}

/** A row may have several lines: printed ones, say. */
function once(rejected: readonly RejectedRow[]): RejectedRow[] {
  return [...new Map(rejected.map((one) => [one.row, one])).values()]
}
