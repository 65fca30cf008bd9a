import { RecordBatch } from '../../../../record/batch.js'

export interface KeptRows {
  readonly batch: RecordBatch
  /** The row's place in the batch that it was taken from. */
  rowOf(row: number): number
}

/** A batch without some of its media rows, which have no slots. */
export function withoutRows(batch: RecordBatch, rows: ReadonlySet<number>): KeptRows {
  if (rows.size === 0) return { batch, rowOf: (row) => row }
  const kept = Array.from({ length: batch.count }, (_, row) => row).filter((row) => !rows.has(row))
  const { keys, values, names, integers } = batch
  const media = new Map(
    kept.flatMap((from, row) => {
      const record = batch.media.get(from)
      return record === undefined ? [] : [[row, record] as const]
    }),
  )
  return {
    batch: new RecordBatch({
      count: kept.length,
      producers: Uint16Array.from(kept, (row) => batch.producers[row]!),
      sequences: Float64Array.from(kept, (row) => batch.sequences[row]!),
      steps: Float64Array.from(kept, (row) => batch.steps[row]!),
      times: Float64Array.from(kept, (row) => batch.times[row]!),
      offsets: Uint32Array.from([...kept, batch.count], (row) => batch.offsets[row]!),
      keys,
      values,
      names,
      integers,
      media,
    }),
    rowOf: (row) => kept[row]!,
  }
}
