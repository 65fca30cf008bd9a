import type { JsonObject, JsonValue } from '../../record/json.js'
import type { RunStatus } from '../../sinks/sink.js'
import { Message } from '../protobuf.js'

/** What TensorBoard's page "HParams" has of a run: its plugin's data of one tag. */
export interface SessionInfo {
  /** Null where this is not about the beginning. */
  readonly config: JsonObject | null
  /** Null where this is not about the end. */
  readonly status: RunStatus | null
}

const FAILURE = 2

/**
 * HParamsPluginData (plugins/hparams/plugin_data.proto): session_start_info 3 { hparams 1 (a map) }, session_end_info 4
 * { status 1 }. Throws ProtobufError.
 */
export function decodeSessionInfo(bytes: Buffer): SessionInfo {
  const data = new Message(bytes)
  let config: JsonObject | null = null
  let status: RunStatus | null = null
  while (data.next()) {
    if (data.field === 3) config = fields(data.bytes)
    else if (data.field === 4) status = endStatus(data.bytes)
  }
  return { config, status }
}

function endStatus(bytes: Buffer): RunStatus {
  const end = new Message(bytes)
  while (end.next()) if (end.field === 1 && end.integer === FAILURE) return 'failed'
  return 'completed'
}

/** A map from names to google.protobuf.Value, in field 1 of a message: key 1, value 2. */
function fields(bytes: Buffer): JsonObject {
  const message = new Message(bytes)
  const entries: [string, JsonValue][] = []
  while (message.next()) {
    if (message.field !== 1) continue
    const entry = new Message(message.bytes)
    let name = ''
    let found: JsonValue = null
    while (entry.next()) {
      if (entry.field === 1) name = entry.text
      else if (entry.field === 2) found = value(entry.bytes)
    }
    entries.push([name, found])
  }
  return Object.fromEntries(entries)
}

/** google.protobuf.Value: number 2, string 3, bool 4, struct 5, list 6 { values 1 }; anything else is null. */
function value(bytes: Buffer): JsonValue {
  const message = new Message(bytes)
  while (message.next()) {
    // JSON has no NaN and no infinities: a config holds them as texts.
    if (message.field === 2) return Number.isFinite(message.double) ? message.double : String(message.double)
    if (message.field === 3) return message.text
    if (message.field === 4) return message.integer !== 0
    if (message.field === 5) return fields(message.bytes)
    if (message.field === 6) return list(message.bytes)
  }
  return null
}

function list(bytes: Buffer): JsonValue[] {
  const message = new Message(bytes)
  const values: JsonValue[] = []
  while (message.next()) if (message.field === 1) values.push(value(message.bytes))
  return values
}
