import fs from 'node:fs'
import path from 'node:path'
import * as v from 'valibot'
import { verdict } from '../benchmark.js'
import type { Report } from './report.js'
import { reportSchema } from './schema.js'

/** A file that is no report of this suite. The message is one sentence that says what to do. */
export class ReportError extends Error {
  readonly code = 'OFFSTEP_BENCH_REPORT'
  readonly retryable = false
  override readonly name = 'ReportError'
}

/** Each figure with its verdict. Makes the directory. */
export function writeReport(file: string, report: Report): void {
  const benchmarks = report.benchmarks.map(({ figures, ...rest }) => ({
    ...rest,
    figures: figures.map((figure) => ({ ...figure, verdict: verdict(figure) || null })),
  }))
  fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true })
  fs.writeFileSync(file, `${JSON.stringify({ ...report, benchmarks }, null, 2)}\n`)
}

/** Throws a ReportError where the file cannot be read or is not what writeReport() writes. */
export function readReport(file: string): Report {
  const result = v.safeParse(reportSchema, readJson(file))
  if (result.success) return result.output
  const [issue] = result.issues
  const place = v.getDotPath(issue) ?? 'the file'
  throw new ReportError(
    `${file} is not a report of this version of the suite (${place}: ${issue.message}): make one with "npm run bench -- --json report.json"`,
  )
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch (error) {
    throw new ReportError(`${file} cannot be read as JSON: ${(error as Error).message}`)
  }
}
