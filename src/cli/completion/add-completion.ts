import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'
import { openStore, type StoredRun } from '../../store/index.js'
import { listRuns } from '../../store/runs/named-runs.js'
import { rootOf } from '../runs.js'

type Complete = (value: string, description: string) => void

/** A shell shows no more of them in a way that helps. */
const MAX_METRICS = 500

/** Adds the command that prints a shell's script, and the hidden one that the script calls. */
export function addCompletion(program: Command, name: string): void {
  const { commands } = tab(program, { completionCommandName: name })
  for (const command of commands.values()) {
    const run = command.arguments.get('run')
    if (run !== undefined) run.handler = completeRuns
    const metric = command.options.get('metric')
    if (metric !== undefined) metric.handler = completeMetrics
    const get = command.options.get('get')
    if (get !== undefined) get.handler = completeArtifacts
  }
}

/** `--dir` as it stands in the line so far. */
function rootInLine(): string {
  const at = process.argv.indexOf('--dir')
  const dir = at < 0 ? undefined : process.argv[at + 1]
  return rootOf(dir === undefined ? {} : { dir })
}

function completeRuns(complete: Complete): void {
  for (const { id, project } of listRuns(rootInLine())) complete(id, project)
}

/** Of the runs that the line names already, else of the newest one. */
function runsInLine(): StoredRun[] {
  const store = openStore(rootInLine())
  const known = new Set(process.argv)
  const runs = store.runs()
  const named = runs.filter(({ id }) => known.has(id))
  return named.length > 0 ? named : runs.slice(0, 1)
}

function completeMetrics(complete: Complete): void {
  const names = runsInLine().flatMap((run) => {
    try {
      return run.metrics().flatMap(({ metrics }) => metrics)
    } finally {
      run.close()
    }
  })
  for (const name of [...new Set(names)].slice(0, MAX_METRICS)) complete(name, '')
}

function completeArtifacts(complete: Complete): void {
  for (const run of runsInLine()) {
    const versions = run.artifacts().flatMap((artifact) => artifact.versions)
    for (const { name, version, aliases } of versions) complete(`${name}:v${version}`, aliases.join(', '))
    run.close()
  }
}
