import { parseArgs } from 'node:util'
import { UsageError } from '../../usage.js'
import { readReport } from '../file.js'
import { compareReports } from './compare.js'
import { formatComparison } from './print.js'
import { warningsOf } from './warnings.js'

const DEFAULT_THRESHOLD = 10

/** `compare old.json new.json [--threshold percent] [--fail-on-slower]` */
export function compareCommand(args: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { threshold: { type: 'string' }, 'fail-on-slower': { type: 'boolean', default: false } },
  })
  const [before, after, ...more] = positionals
  if (before === undefined || after === undefined || more.length > 0)
    throw new UsageError('compare takes two reports, the old one and the new one')
  const percent = Number(values.threshold ?? DEFAULT_THRESHOLD)
  if (!(percent >= 0)) throw new UsageError('--threshold takes a percentage of 0 or more')
  const reports = [readReport(before), readReport(after)] as const
  for (const warning of warningsOf(...reports)) process.stdout.write(`warning: ${warning}\n`)
  const comparison = compareReports(...reports, percent / 100)
  process.stdout.write(`${formatComparison(comparison, percent)}\n`)
  if (values['fail-on-slower'] && comparison.slower.length > 0) process.exitCode = 1
}
