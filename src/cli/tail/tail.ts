import { setTimeout as after } from 'node:timers/promises'
import { RowTail } from '../../store/runs/row-tail.js'
import type { StoredRun } from '../../store/runs/stored-run.js'
import type { MetricRow } from '../../store/runs/types.js'
import { printable } from '../../text/text.js'
import { EXIT } from '../errors.js'
import type { Output } from '../output.js'
import { openRun } from '../runs.js'
import type { TailOptions } from '../tail.js'
import { jsonValue } from '../values.js'
import { rowLine } from './row-line.js'

const POLL_MS = 200

/** `offstep tail`. Resolves with the exit code; throws what is wrong with the command line. */
export async function tail(
  name: string,
  { follow, rows: count, metric, ...options }: TailOptions & { readonly dir?: string },
  output: Output,
): Promise<number> {
  const run = openRun(name, options)
  const rows = new RowTail(run.dir, metric)
  try {
    const last = rows.last(count)
    for (const row of last) print(row, run, output)
    if (last.length === 0) output.note(output.err.dim(whyNone(run, metric, follow === true)))
    while (follow) {
      // Whether it lives is asked first: what it has written until then is read after.
      run.refresh()
      const ended = run.status !== 'running'
      for (const row of rows.next()) print(row, run, output)
      if (ended) {
        output.note(output.err.dim(`The run has ended: ${run.status}.`))
        break
      }
      await after(POLL_MS)
    }
  } finally {
    rows.close()
  }
  return EXIT.ok
}

function print(row: MetricRow, run: StoredRun, output: Output): void {
  const { step, time, producer, values } = row
  if (output.json) output.printJson(jsonValue({ step, time: time / 1000, producer, values }), 0)
  else output.print(rowLine(row, run, output))
}

function whyNone({ status }: StoredRun, metric: readonly string[] | undefined, follow: boolean): string {
  if (metric !== undefined) return `No row has ${printable(metric.join(', '))}${follow ? ' yet' : ''}.`
  return status === 'running' ? 'Nothing has been logged yet.' : 'Nothing was logged.'
}
