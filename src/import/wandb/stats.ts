import type { SystemSample } from '../../record/updates.js'
import { Message } from '../protobuf.js'
import { decodeItem, leavesOf } from './items.js'
import { timestamp } from './timestamp.js'

/** Some versions of the client put it before each name, and W&B's charts do. */
const PREFIX = /^system\./

/** StatsRecord: timestamp 2, item 3 { key 1, value_json 16 }. `time` is null where it has none. Throws ProtobufError. */
export function decodeStats(bytes: Buffer): { readonly time: number | null; readonly sample: SystemSample } {
  const stats = new Message(bytes)
  let time: number | null = null
  const values: [string, number][] = []
  while (stats.next()) {
    if (stats.field === 2) time = timestamp(stats.bytes)
    else if (stats.field === 3) values.push(...valuesOf(stats.bytes))
  }
  return { time, sample: { values: Object.fromEntries(values) } }
}

function* valuesOf(bytes: Buffer): Generator<[string, number]> {
  for (const { name, value } of leavesOf(decodeItem(bytes))) {
    // JSON has no NaN and no infinities: a sample without a value says as much.
    if (value !== null && Number.isFinite(value)) yield [name.replace(PREFIX, ''), value]
  }
}
