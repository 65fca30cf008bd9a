import { BLOCK_BYTES } from '../../../src/journal/framing.js'
import { ItemEncoder } from '../../../src/sinks/wandb/offline/item-encoder.js'
import { TransactionLog } from '../../../src/sinks/wandb/offline/transaction-log.js'
import { type RowLiteral, START_TIME } from '../../unit/support/batches.js'
import { runDirectory } from '../../unit/support/sink-run.js'
import { OfflineLog } from './offline-log.js'

/** Records of at least so many bytes, of which all lengths take as many bytes as each other. */
const NAME_BYTES = 20_000

/** A row whose record is as long as any other row's here, but for the name. */
const rowWith = (index: number, nameBytes: number): RowLiteral => ({
  step: 1000 + index,
  time: START_TIME + (100 + 10 * index) * 1000,
  metrics: { ['x'.repeat(nameBytes)]: 1 },
})

/** Rows of which each record but the first ends the given number of bytes before the end of a block. */
export async function rowsEnding(before: readonly number[]): Promise<RowLiteral[]> {
  const rows = [rowWith(0, 1)]
  let position = await endOfFirst(rows[0]!)
  for (const [index, left] of before.entries()) {
    const nameBytes = nameEnding(position, left)
    position = endOf(position, nameBytes)
    rows.push(rowWith(index + 1, nameBytes))
  }
  return rows
}

/** Committed is a record when the next row has come. */
async function endOfFirst(row: RowLiteral): Promise<number> {
  const log = new OfflineLog(runDirectory())
  await log.session([[row], [rowWith(1, 1)]])
  return log.lengths.at(-1)!
}

function nameEnding(position: number, left: number): number {
  let nameBytes = NAME_BYTES
  for (;;) {
    const wanted = BLOCK_BYTES - left
    const short = (((wanted - endOf(position, nameBytes)) % BLOCK_BYTES) + BLOCK_BYTES) % BLOCK_BYTES
    if (short === 0) return nameBytes
    // Where the longer record needs one more chunk, the next turn sees how far it is now.
    nameBytes += short
    if (nameBytes > NAME_BYTES + 4 * BLOCK_BYTES)
      throw new Error(`no name ends ${left} bytes before a block does`)
  }
}

function endOf(position: number, nameBytes: number): number {
  const fields = [
    ['_step', '1000'],
    ['_timestamp', `${START_TIME / 1000 + 100}`],
    ['_runtime', '100'],
    ['x'.repeat(nameBytes), '1'],
  ] as const
  const log = new TransactionLog()
  log.begin(position)
  log.add(new ItemEncoder().history(100, 1000, fields))
  return position + log.length
}
