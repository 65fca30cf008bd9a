/** What a sink has fixed for a run for good, outside of its cursor: it outlives one that is lost. */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as v from 'valibot'
import { writeFileAtomic } from '../store/atomic-file.js'

/** Null where the file is not there, or holds something else. Throws where it is no JSON. Blocks. */
export function readKept<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): v.InferOutput<Schema> | null {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const result = v.safeParse(schema, JSON.parse(text))
  return result.success ? result.output : null
}

/** Blocks until it is on the disk. */
export function writeKept(file: string, content: object): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileAtomic(file, `${JSON.stringify(content)}\n`, { sync: true })
}
