import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../../../store/atomic-file.js'
import type { RejectedRow, SinkContext } from '../../sink.js'
import type { RefusedLine } from './line-sender.js'

/**
 * What becomes of lines that W&B refuses: their rows are dead letters. A line may also hold rows of an earlier batch,
 * which count as delivered, since the line was still open: it is kept whole in `wandb/refused/<step>.json`.
 * Blocks.
 */
export function keepRefused(
  refused: readonly RefusedLine[],
  startTime: number,
  { runDir, warn }: Pick<SinkContext, 'runDir' | 'warn'>,
): RejectedRow[] {
  const earlier = refused.filter(({ line }) => line.holdsEarlierRows)
  const directory = join(runDir, 'wandb', 'refused')
  if (earlier.length > 0) mkdirSync(directory, { recursive: true })
  for (const { line, cause, reason } of earlier) {
    // Named by what it is, so that a line that comes again after a crash is not there twice.
    const text = `{"cause":${JSON.stringify(cause)},"reason":${JSON.stringify(reason)},"line":${JSON.stringify(line.text(startTime))}}\n`
    writeFileAtomic(join(directory, `${line.step}.json`), text)
    warn('refused-line', `W&B has refused a line of earlier rows; it is kept in ${directory} (${reason})`)
  }
  return refused.flatMap(({ line, cause, reason }) => line.rows.map((row) => ({ row, cause, reason })))
}
