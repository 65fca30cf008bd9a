import { readFileSync } from 'node:fs'
import { EXIT } from '../errors.js'

/** As it is published: with what each option is for. */
export function printSchema(): number {
  process.stdout.write(
    readFileSync(new URL('../../../../schema/offstep.schema.json', import.meta.url), 'utf8'),
  )
  return EXIT.ok
}
