import type { Report } from '../report.js'

/** Why the figures of two reports may differ though the code does not. */
export function warningsOf(before: Report, after: Report): string[] {
  const warnings = differences(before, after)
  for (const [which, report] of Object.entries({ old: before, new: after })) {
    const { benchmarks, machine, settings } = report
    if (settings.quick) warnings.push(`the ${which} report is of --quick, which only shows that it runs`)
    const busy = benchmarks.filter(({ loadBefore }) => loadBefore > machine.cores).map(({ name }) => name)
    if (busy.length > 0)
      warnings.push(
        `the ${which} report's machine was busy (load above ${machine.cores}): ${busy.join(', ')}`,
      )
    const failed = benchmarks.filter(({ failed }) => failed !== undefined).map(({ name }) => name)
    if (failed.length > 0) warnings.push(`failed in the ${which} report: ${failed.join(', ')}`)
  }
  return warnings
}

const COMPARED = ['cpu', 'cores', 'memoryGiB', 'fileSystem', 'os', 'node', 'v8'] as const

function differences({ machine: old }: Report, { machine: now }: Report): string[] {
  return COMPARED.filter((part) => old[part] !== now[part]).map(
    (part) => `the machines differ: ${part} ${old[part]}, now ${now[part]}`,
  )
}
