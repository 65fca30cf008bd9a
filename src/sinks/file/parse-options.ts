import * as v from 'valibot'
import { SinkError } from '../errors.js'

/** A sink's options, checked, with its defaults filled in. Wrong ones stay wrong, so they pause the sink. */
export function parseOptions<Schema extends v.GenericSchema>(
  sink: string,
  schema: Schema,
  options: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, options)
  if (result.success) return result.output
  const problems = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'options'}: ${issue.message}`)
  throw new SinkError(
    'pause',
    'OPTIONS_INVALID',
    `options of the sink "${sink}" are wrong: ${problems.join('; ')}`,
  )
}
