import type { Report } from '../../options/copy-value.js'
import type { PathSegment } from '../../options/describe.js'
import { didYouMean } from '../../options/suggest.js'

/** What a template may name: see sinks/alerts/send/payload.ts. */
const NAMES: readonly string[] = [
  'id',
  'rule',
  'title',
  'text',
  'level',
  'metric',
  'value',
  'step',
  'time',
  'run.id',
  'run.name',
  'run.project',
]
const NAMED = /\{\{\s*([\w.]+)\s*\}\}/g

/** Reports each `{{name}}` that an alert has not: nobody would see it before the first alert comes. */
export function checkTemplate(template: unknown, path: readonly PathSegment[], report: Report): void {
  if (typeof template === 'string') {
    for (const [, name] of template.matchAll(NAMED)) {
      if (NAMES.includes(name!)) continue
      report(path, template, `{{${name}}} is none of ${NAMES.join(', ')}${didYouMean(name, NAMES)}`)
    }
  } else if (typeof template === 'object' && template !== null) {
    for (const [key, item] of Object.entries(template)) {
      checkTemplate(item, [...path, Array.isArray(template) ? Number(key) : key], report)
    }
  }
}
