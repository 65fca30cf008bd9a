import { type Check, type CheckStatus, type DoctorOptions, runDoctor } from '../../doctor/index.js'
import { plural, printable } from '../../text/text.js'
import { EXIT } from '../errors.js'
import type { Output } from '../output.js'
import { type Row, renderTable } from '../table.js'

/** `offstep doctor`. Resolves with the exit code. */
export async function doctor(options: DoctorOptions, output: Output): Promise<number> {
  const checks = await runDoctor(options)
  if (output.json) output.printJson(checks)
  else {
    output.print(
      renderTable(
        COLUMNS,
        checks.flatMap((check) => rowsOf(check, output)),
        output,
        { heading: false },
      ),
    )
    output.print(`\n${verdict(checks)}`)
  }
  return checks.some(({ status }) => status === 'failed') ? EXIT.problem : EXIT.ok
}

const COLUMNS = [{ title: '' }, { title: '' }, { title: '', minWidth: 24 }] as const

/** The mend stands in a row of its own below what was found. */
function rowsOf({ name, status, found, fix }: Check, { out }: Output): Row[] {
  const color = { ok: out.green, warning: out.yellow, failed: out.red }[status]
  const line: Row = [{ text: status, color }, name, printable(found)]
  return fix === null ? [line] : [line, ['', '', { text: `-> ${printable(fix)}`, color: out.cyan }]]
}

function verdict(checks: readonly Check[]): string {
  const count = (status: CheckStatus) => checks.filter((check) => check.status === status).length
  const [wrong, warnings] = [count('failed'), count('warning')]
  if (wrong + warnings === 0) return `All ${checks.length} checks are well.`
  const parts = [wrong > 0 && `${wrong} failed`, warnings > 0 && plural(warnings, 'warning')]
  return `${checks.length} checks: ${parts.filter(Boolean).join(', ')}.`
}
