import { join } from 'node:path'
import { JournalReader } from '../../journal/reader.js'
import { mediaValue } from '../../media/value.js'
import type { RecordBatch } from '../../record/batch.js'
import { isUpdateRecord, type MediaKind, type MediaRecordOf } from '../../record/media.js'
import type { MetricRow, StoredMedia } from './types.js'

export interface MediaQuery<Kind extends MediaKind = MediaKind> {
  /** Without it: all media, and no updates of the run itself. */
  readonly kind?: Kind
  readonly name?: string
}

/** Batches of the whole journal, one after the other: each is valid until the next one is asked for. */
export function* readBatches(runDir: string): Generator<RecordBatch> {
  const reader = new JournalReader(join(runDir, 'journal'))
  try {
    for (let batch = reader.read(); batch !== null; batch = reader.read()) yield batch
  } finally {
    reader.close()
  }
}

/** The rows of a batch that have one of the metrics, with those metrics. Null: all of them. */
export function* rowsOf(batch: RecordBatch, names: ReadonlySet<string> | null): Generator<MetricRow> {
  for (let row = 0; row < batch.count; row++) {
    const found = rowAt(batch, row, names)
    if (found !== null) yield found
  }
}

/** Null for a media call, and where the row has none of the metrics. */
export function rowAt(batch: RecordBatch, row: number, names: ReadonlySet<string> | null): MetricRow | null {
  if (batch.media.has(row)) return null
  const values = valuesOf(batch, row, names)
  if (values === null) return null
  return { step: batch.steps[row]!, time: batch.times[row]!, producer: batch.producers[row]!, values }
}

/** Null where the row has none of the metrics. */
function valuesOf(
  { offsets, keys, values, names }: RecordBatch,
  row: number,
  wanted: ReadonlySet<string> | null,
): MetricRow['values'] | null {
  const entries: [string, number][] = []
  for (let slot = offsets[row]!; slot < offsets[row + 1]!; slot++) {
    const name = names[keys[slot]!]!
    if (wanted === null || wanted.has(name)) entries.push([name, values[slot]!])
  }
  return wanted !== null && entries.length === 0 ? null : Object.fromEntries(entries)
}

export function* mediaOf<Kind extends MediaKind>(
  batch: RecordBatch,
  runDir: string,
  { kind, name }: MediaQuery<Kind>,
): Generator<StoredMedia<Kind>> {
  for (const [row, record] of batch.media) {
    if (kind === undefined ? isUpdateRecord(record) : record.kind !== kind) continue
    if (name !== undefined && record.name !== name) continue
    yield {
      kind: record.kind as Kind,
      name: record.name,
      step: batch.steps[row]!,
      time: batch.times[row]!,
      producer: record.producer,
      file: record.file ?? null,
      value: () => mediaValue(runDir, record as MediaRecordOf<Kind>),
    }
  }
}
