import { resolve } from 'node:path'
import { findArtifact, type StoredVersion } from '../../artifact/read.js'
import { takeArtifact } from '../../artifact/take.js'
import type { StoredRun } from '../../store/runs/stored-run.js'
import { bytesText } from '../../text/bytes.js'
import { countText, plural, printable } from '../../text/text.js'
import { ageText } from '../../text/values.js'
import type { ArtifactsCommandOptions } from '../artifacts.js'
import { CliError, EXIT } from '../errors.js'
import { renderFitting, type SpareColumn } from '../fit.js'
import type { Output } from '../output.js'
import { openRun } from '../runs.js'
import type { Row } from '../table.js'

const COLUMNS: readonly SpareColumn[] = [
  { title: 'artifact' },
  { title: 'aliases', minWidth: 12 },
  { title: 'type', spare: 1 },
  { title: 'files', align: 'right', spare: 4 },
  { title: 'size', align: 'right' },
  { title: 'step', align: 'right', spare: 3 },
  { title: 'age', align: 'right', spare: 2 },
]

/** `offstep artifacts`. Returns the exit code; throws what is wrong with the command line, and ArtifactError. */
export function artifacts(
  name: string,
  { get, out, ...options }: ArtifactsCommandOptions & { readonly dir?: string },
  output: Output,
): number {
  if (get !== undefined && out === undefined) throw new CliError('give --out, the directory for the files')
  if (get === undefined && out !== undefined)
    throw new CliError('give --get, the version whose files are wanted')
  const run = openRun(name, options)
  if (get !== undefined) take(run, get, out!, output)
  else list(run, output)
  run.close()
  return EXIT.ok
}

function list(run: StoredRun, output: Output): void {
  const versions = run.artifacts().flatMap((artifact) => artifact.versions)
  if (output.json) output.printJson(versions.map(jsonOf))
  else if (versions.length > 0) output.print(tableOf(versions, output))
  else output.note(output.err.dim('The run has no artifacts: run.artifact() makes them.'))
}

const jsonOf = ({ time, ...version }: StoredVersion) => ({ ...version, time: new Date(time).toISOString() })

function tableOf(versions: readonly StoredVersion[], output: Output): string {
  const now = Date.now()
  const rows = versions.map(({ name, version, aliases, type, entries, bytes, step, time }): Row => {
    const what = [printable(`${name}:v${version}`), printable(aliases.join(', ')), printable(type)]
    return [...what, countText(entries.length), bytesText(bytes), countText(step), ageText(time, now)]
  })
  return renderFitting(COLUMNS, rows, output)
}

function take(run: StoredRun, reference: string, out: string, output: Output): void {
  const found = findArtifact(run.dir, reference)
  const { name, version } = found
  const { files, references } = takeArtifact(run.dir, found, out)
  if (output.json) output.printJson({ name, version, out: resolve(out), files, references })
  for (const file of output.json ? [] : files) output.print(printable(file))
  output.note(output.err.dim(`${printable(name)}:v${version}: ${plural(files.length, 'file')}`))
  for (const { path, reference } of references) {
    output.note(output.err.dim(printable(`${path} is a reference, and stays where it is: ${reference}`)))
  }
}
