import type { Captured } from '../../../src/checkpoint/capture/index.js'
import { decodeSafetensors } from '../../../src/checkpoint/safetensors/decode.js'
import { encodeSafetensors } from '../../../src/checkpoint/safetensors/encode.js'
import type { JsonValue } from '../../../src/record/json.js'
import type { RestorableCheckpoint } from '../../../src/tfjs/checkpoint/index.js'

/** What a reader of the checkpoint gets: as if it had crossed to another thread, been written, and read again. */
export function loadedFrom(captured: Captured): RestorableCheckpoint {
  const { tensorFiles, jsonFiles } = structuredClone(captured.content)
  const tensors = new Map(
    tensorFiles.map((file) => {
      const bytes = Buffer.concat([...encodeSafetensors(file).chunks(2 ** 20)])
      return [file.path, decodeSafetensors(file.path, bytes).tensors]
    }),
  )
  const json = new Map<string, JsonValue>(
    jsonFiles.map(({ path, value }) => [path, JSON.parse(JSON.stringify(value)) as JsonValue]),
  )
  return {
    info: { files: [...tensors.keys(), ...json.keys()].map((path) => ({ path })) },
    tensors: (path) => found(tensors, path),
    json: (path) => found(json, path),
  }
}

function found<Value>(files: ReadonlyMap<string, Value>, path: string): Value {
  const value = files.get(path)
  if (value === undefined) throw new Error(`no ${path}`)
  return value
}
