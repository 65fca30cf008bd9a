import { setTimeout as after } from 'node:timers/promises'
import { printable } from '../../text/text.js'
import { EXIT } from '../errors.js'
import type { Output } from '../output.js'
import { openRun } from '../runs.js'
import { jsonValue, runJson } from '../values.js'
import type { WatchOptions } from '../watch.js'
import { listenForEnd } from './keys.js'
import { watchLines } from './lines.js'
import { Screen } from './screen.js'
import { type Snapshot, Watcher } from './snapshot.js'

/** `offstep watch`. Resolves with the exit code; throws what is wrong with the command line. */
export async function watch(
  name: string,
  { metric, interval, ...options }: WatchOptions & { readonly dir?: string },
  output: Output,
): Promise<number> {
  const watcher = new Watcher(openRun(name, options), metric)
  try {
    const first = watcher.look()
    const canRedraw = process.stdout.isTTY === true && process.env.TERM !== 'dumb'
    const isLive = first.run.status === 'running'
    if (isLive && canRedraw && !output.json) return await follow(watcher, first, interval, output)
    if (output.json) output.printJson(jsonOf(first))
    else for (const line of watchLines(first, output)) output.print(line)
    if (!isLive) output.note(output.err.dim(whyNotLive(first)))
    return EXIT.ok
  } finally {
    watcher.close()
  }
}

async function follow(watcher: Watcher, first: Snapshot, interval: number, output: Output): Promise<number> {
  const screen = new Screen(process.stdout)
  const end = listenForEnd()
  let snapshot = first
  const draw = (hint: string): void => {
    const shown = { ...output, columns: screen.columns }
    screen.draw([...watchLines(snapshot, shown, screen.height - 2), '', output.out.dim(hint)])
  }
  try {
    while (!end.signal.aborted) {
      if (snapshot.run.status !== 'running') {
        draw(`The run has ended: ${snapshot.run.status}.`)
        return EXIT.ok
      }
      draw('q ends this view, and not the run')
      // Aborted: the loop ends by its condition.
      await after(interval * 1000, undefined, { signal: end.signal }).catch(() => {})
      snapshot = watcher.look()
    }
    return end.exitCode
  } finally {
    end.release()
    screen.close()
  }
}

function whyNotLive({ run: { status, file, id } }: Snapshot): string {
  if (status === 'crashed' && file.status === 'running') {
    return `This run is not live: its process is gone. offstep sync ${printable(id)} completes it.`
  }
  return `This run is not live: ${status}. offstep summary ${printable(id)} tells what came of it.`
}

function jsonOf({ run, rows, step, rates, metrics, sinks, system }: Snapshot): unknown {
  const last = metrics.map(({ name, metric }) => [name, metric.last.value] as const)
  const groups = system.map(
    ({ heading, lines }) => [heading, lines.map(({ points }) => points.at(-1)?.y ?? null)] as const,
  )
  return jsonValue({
    ...runJson(run),
    live: run.status === 'running',
    rows,
    step,
    rates,
    last: Object.fromEntries(last),
    sinks,
    system: Object.fromEntries(groups),
  })
}
