import type { JsonValue } from '../../record/json.js'
import { Message } from '../protobuf.js'

/** A value with its name: key 1, nested_key 2 (repeated), value_json 16. The same in history, summary and config. */
export interface Item {
  readonly path: readonly string[]
  readonly json: string
}

export function decodeItem(bytes: Buffer): Item {
  const item = new Message(bytes)
  let key = ''
  let json = 'null'
  const nested: string[] = []
  while (item.next()) {
    if (item.field === 1) key = item.text
    else if (item.field === 2) nested.push(item.text)
    else if (item.field === 16) json = item.text
  }
  return { path: nested.length > 0 ? nested : [key], json }
}

/** The items in field 1 (`item`, or `update`) of a record. */
export function decodeItems(bytes: Buffer): Item[] {
  const message = new Message(bytes)
  const items: Item[] = []
  while (message.next()) if (message.field === 1 && message.packed) items.push(decodeItem(message.bytes))
  return items
}

const NUMBER = /^-?(?:\d|Infinity$|NaN$)/
const STRING_OR_NON_FINITE = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g

/** Python's JSON: non-finite numbers come as the strings "NaN", "Infinity" and "-Infinity". Undefined: it is none. */
export function parseValue(json: string): JsonValue | undefined {
  try {
    return JSON.parse(
      json.replace(STRING_OR_NON_FINITE, (token) => (token.startsWith('"') ? token : `"${token}"`)),
    ) as JsonValue
  } catch {
    return undefined
  }
}

export interface Leaf {
  readonly name: string
  /** Null: not a number. */
  readonly value: number | null
}

/** The numbers of a value, nested ones with dots between their names, as W&B shows them; true is 1. */
export function* leavesOf({ path, json }: Item): Generator<Leaf> {
  const name = path.join('.')
  // Nearly all of them.
  if (NUMBER.test(json)) yield { name, value: Number(json) }
  else yield* leaves(name, parseValue(json))
}

function* leaves(name: string, value: JsonValue | undefined): Generator<Leaf> {
  if (typeof value === 'number') yield { name, value }
  else if (typeof value === 'boolean') yield { name, value: value ? 1 : 0 }
  else if (typeof value === 'string') yield { name, value: nonFinite(value) }
  else if (typeof value !== 'object' || value === null || Array.isArray(value)) yield { name, value: null }
  // A picture, a histogram, a table: its parts are no metrics.
  else if (Object.hasOwn(value, '_type')) yield { name, value: null }
  else for (const [part, inner] of Object.entries(value)) yield* leaves(`${name}.${part}`, inner)
}

const nonFinite = (text: string): number | null =>
  text === 'NaN' || text === 'Infinity' || text === '-Infinity' ? Number(text) : null
