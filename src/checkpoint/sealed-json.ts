/**
 * JSON files that carry a checksum of themselves, so that any flipped bit in them is found: the first member, `sha256`,
 * is the SHA-256 of the file's bytes with zeros for its 64 digits.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CheckpointError } from './errors.js'

const ZEROS = '0'.repeat(64)
const HEAD = /^\{\s*"sha256":\s*"([0-9a-f]{64})"/
const HEAD_BYTES = 100

export function sealJson(value: object, indent?: number): string {
  const open = JSON.stringify({ sha256: ZEROS, ...value }, null, indent)
  return `${open.replace(ZEROS, createHash('sha256').update(`${open}\n`).digest('hex'))}\n`
}

/** Throws CheckpointError where the file is damaged, and the file system's errors. Blocks. */
export function readSealedJson(path: string): { readonly [name: string]: unknown } {
  const bytes = readFileSync(path)
  const head = HEAD.exec(bytes.toString('latin1', 0, HEAD_BYTES))
  if (head === null) throw damaged(path, 'its checksum is not there')
  const digits = head[1]!
  bytes.write(ZEROS, head[0].length - digits.length - 1, 'latin1')
  if (createHash('sha256').update(bytes).digest('hex') !== digits)
    throw damaged(path, 'its checksum is wrong')
  return JSON.parse(bytes.toString('utf8')) as { [name: string]: unknown }
}

const damaged = (path: string, what: string): CheckpointError =>
  new CheckpointError(`${path} is damaged (${what}): restore it, or use another checkpoint`)
