import path from 'node:path'
import { ROOT } from '../../root.js'
import { UsageError } from '../../usage.js'
import { readReport } from '../file.js'
import type { NamedReport } from './sections.js'
import { writeDocument } from './write.js'

/** `document report.json ...`: writes docs/benchmarks.md and its charts. */
export async function documentCommand(files: readonly string[]): Promise<void> {
  if (files.length === 0) throw new UsageError('document takes the reports to write about')
  const reports = files.map((file): NamedReport => {
    return { name: path.basename(file, '.json'), report: readReport(file) }
  })
  const charts = await writeDocument(reports, path.join(ROOT, 'docs'))
  process.stdout.write(`docs/benchmarks.md, and ${charts} charts in docs/benchmarks/\n`)
}
