import { plural, printable } from '../../text/text.js'
import type { RepairAction, RepairReport } from '../../verify/repair-run.js'
import type { Output } from '../output.js'

/** What `--repair` did, a line for each thing, and an empty one behind them. */
export function repairLines({ actions }: RepairReport, output: Output): string[] {
  if (actions.length === 0) return []
  const { green, red, yellow } = output.out
  const describe = ({ sink, result, problem, delivered, kept }: RepairAction): string[] => {
    const name = printable(sink)
    const line =
      result === 'rebuilt'
        ? `${green('rebuilt')}  ${name}: ${plural(delivered, 'record')} written again from the journal`
        : `${red(result.padEnd('rebuilt'.length))}  ${name}: ${printable(problem ?? '')}`
    return [
      line,
      ...kept.map(
        (file) => `${yellow('kept')}     ${printable(file)}: what ${name} held before, which may be more`,
      ),
    ]
  }
  return [...actions.flatMap(describe), '']
}
