import * as v from 'valibot'
import type { Report } from './copy-value.js'
import type { JsonSchema, JsonSchemaNote } from './json-schema.js'
import { didYouMean } from './suggest.js'

// Every message is the fix: the report adds the path and what was given.

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the JSON Schema says of a value where the valibot schema does not tell: see json-schema.ts. Asked for when it is made. */
export const forEditors = <Input>(jsonSchema: JsonSchema | (() => JsonSchema)) =>
  v.metadata<Input, JsonSchemaNote>({ jsonSchema })

/** An object of known options. valibot's own strict object stops at the first unknown key: we list them all. */
export function group<E extends v.ObjectEntries>(entries: E) {
  return v.pipe(
    v.custom<Record<string, unknown>>(isRecord, 'give an object'),
    v.looseObject(entries),
    v.rawCheck(({ dataset, addIssue }) => {
      const input: unknown = dataset.value
      if (!isRecord(input)) return
      for (const key of Object.keys(input)) {
        if (Object.hasOwn(entries, key)) continue
        const value = input[key]
        const message = `there is no such option${didYouMean(key, Object.keys(entries))}`
        addIssue({ message, input: value, path: [{ type: 'object', origin: 'key', input, key, value }] })
      }
    }),
  )
}

export function text(fix: string, problem: (value: string) => string | null) {
  return v.optional(
    v.pipe(
      v.string(fix),
      v.check(
        (value) => problem(value) === null,
        (issue) => problem(issue.input) ?? fix,
      ),
    ),
  )
}

export function oneOf<const T extends readonly string[]>(choices: T) {
  const fix = `give ${choices.map((choice) => `"${choice}"`).join(' or ')}`
  return v.picklist(choices, (issue) => fix + didYouMean(issue.input, choices))
}

export function whole(unit: string, min: number, max: number) {
  const fix = `give a whole number of ${unit} from ${min} to ${max}`
  return v.optional(
    v.pipe(
      v.number(fix),
      v.check((n) => Number.isInteger(n) && n >= min && n <= max, fix),
      forEditors({ type: 'integer', minimum: min, maximum: max }),
    ),
  )
}

export function powerOfTwo(min: number, max: number) {
  const fix = `give a power of two from ${min} to ${max} bytes (8 MiB is 8388608)`
  const accepts = (n: number) => Number.isInteger(Math.log2(n)) && n >= min && n <= max
  const powers = Array.from({ length: 53 }, (_, exponent) => 2 ** exponent).filter(accepts)
  return v.optional(v.pipe(v.number(fix), v.check(accepts, fix), forEditors({ enum: powers })))
}

/** A parser that reports through a callback, as a valibot transformation. */
export function parsed<T>(parse: (value: unknown, report: Report) => T) {
  return v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset, addIssue }) =>
      parse(dataset.value, (path, value, message) => {
        const items = path.map(
          (key) => ({ type: 'unknown', origin: 'value', input: null, key, value }) as const,
        )
        const [first, ...rest] = items
        addIssue({ message, input: value, ...(first === undefined ? {} : { path: [first, ...rest] }) })
      }),
    ),
  )
}
