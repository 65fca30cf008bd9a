import * as v from 'valibot'
import { consoleOptions } from '../sinks/console/options.js'
import { csvOptions } from '../sinks/csv/options.js'
import { logOptions } from '../sinks/log/options.js'
import { mlflowOptions } from '../sinks/mlflow/settings/options.js'
import { s3Options } from '../sinks/s3/options.js'
import { tensorBoardOptions } from '../sinks/tensorboard/options.js'
import { wandbOptions } from '../sinks/wandb/settings/options.js'
import type { Report } from './copy-value.js'
import type { PathSegment } from './describe.js'
import { type JsonSchema, jsonSchemaOf } from './json-schema.js'
import type { BuiltInSink } from './options.js'
import { group, whole } from './schema-parts.js'
import { didYouMean } from './suggest.js'

/** The engine's own option, of every sink: the longest that a slice may take. A day is more than any needs. */
const timeoutMs = whole('milliseconds', 1, 86_400_000)

/** What each built-in sink takes. Only schemas are loaded for it on the training thread: the sinks themselves are not. */
const SCHEMAS = {
  jsonl: group({ timeoutMs }),
  csv: group({ ...csvOptions.entries, timeoutMs }),
  tensorboard: group({ ...tensorBoardOptions.entries, timeoutMs }),
  console: group({ ...consoleOptions.entries, timeoutMs }),
  log: group({ ...logOptions.entries, timeoutMs }),
  wandb: group({ ...wandbOptions.entries, timeoutMs }),
  s3: group({ ...s3Options.entries, timeoutMs }),
  mlflow: group({ ...mlflowOptions.entries, timeoutMs }),
} satisfies { readonly [Name in BuiltInSink]: v.GenericSchema }

const engineOptions = v.looseObject({ timeoutMs })

/** Reports each option that the built-in sink has not, or cannot use; what was given stays as it is. */
export function checkSinkOptions(type: BuiltInSink, options: object, report: Report): void {
  // The one that is needed: missing, it is wrong as any other value is.
  reportIssues(SCHEMAS[type], type === 's3' ? { url: undefined, ...options } : options, report)
}

/** The same for the options of a sink of the user's that are the engine's. */
export function checkEngineOptions(options: object, report: Report): void {
  reportIssues(engineOptions, options, report)
}

function reportIssues(schema: v.GenericSchema, options: unknown, report: Report): void {
  // The sinks' schemas say what is wrong; init() says what to do.
  const { issues = [] } = v.safeParse(schema, options, { message: fixOf })
  for (const issue of issues) {
    const path = (issue.path ?? []).map((item) => item.key as PathSegment)
    report(path, issue.input, issue.message)
  }
}

/** `{ type: 'csv', maxColumns: 5 }`, for the JSON Schema of options files. */
export function sinkShapes(): JsonSchema[] {
  return Object.entries(SCHEMAS).map(([type, schema]) => {
    const { properties } = jsonSchemaOf(schema as v.GenericSchema<unknown>)
    return {
      type: 'object',
      required: ['type'],
      properties: { type: { enum: [type] }, ...(properties as JsonSchema) },
      additionalProperties: false,
    }
  })
}

/** For parts of a schema that have no message of their own. */
function fixOf(issue: v.BaseIssue<unknown>): string {
  const { type, requirement, expected } = issue
  switch (type) {
    case 'picklist': {
      const choices = [...(expected ?? '').matchAll(/"([^"]*)"/g)].map(([, choice]) => choice!)
      const fix = `give ${choices.map((choice) => `"${choice}"`).join(' or ')}`
      return fix + didYouMean(issue.input, choices)
    }
    case 'min_value':
      return `give ${requirement} or more`
    case 'max_value':
      return `give ${requirement} or less`
    case 'safe_integer':
    case 'integer':
      return 'give a whole number'
    case 'boolean':
      return 'give true or false'
    case 'array':
      return 'give an array'
    case 'record':
      return 'give an object'
    default:
      return `give a ${type === 'finite' ? 'finite number' : type}`
  }
}
