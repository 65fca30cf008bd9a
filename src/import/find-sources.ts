import fs from 'node:fs'
import path from 'node:path'
import { csvSource, isCsvFile } from './csv/source.js'
import { isEventFile, nameOf, tensorboardSource } from './tensorboard/source.js'
import { ImportError, type RunSource } from './types.js'
import { isWandbFile, wandbSource } from './wandb/source.js'

/**
 * The runs that a path holds: an event file, a .wandb file or a CSV file; or a directory with event files and .wandb
 * files at any depth (no CSV files: those are given by name). Links are not followed. Sorted by path. Throws ImportError
 * where there are none.
 */
export function findSources(given: string): RunSource[] {
  const at = path.resolve(given)
  const stat = fs.statSync(at, { throwIfNoEntry: false })
  if (stat === undefined) throw new ImportError(`${given} does not exist: give a file or a directory`)
  if (!stat.isDirectory()) return [fileSource(at)]
  const found = [...sourcesIn(at, at)]
  if (found.length > 0) return found
  throw new ImportError(
    `${given} has no event files of TensorBoard and no .wandb files: CSV files are given by name`,
  )
}

function fileSource(file: string): RunSource {
  const name = path.basename(file)
  if (isWandbFile(name)) return wandbSource(file)
  if (isEventFile(name)) return tensorboardSource(file, path.basename(path.dirname(file)), [file])
  if (isCsvFile(name)) return csvSource(file)
  throw new ImportError(
    `${file} is of no known kind: give event files of TensorBoard (*tfevents*), *.wandb, *.csv or *.tsv`,
  )
}

function* sourcesIn(dir: string, within: string): Generator<RunSource> {
  const entries = fs.readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  const events = files.filter(isEventFile).map((name) => path.join(dir, name))
  if (events.length > 0) yield tensorboardSource(dir, nameOf(dir, within), events)
  for (const name of files) if (isWandbFile(name)) yield wandbSource(path.join(dir, name))
  for (const entry of entries) if (entry.isDirectory()) yield* sourcesIn(path.join(dir, entry.name), within)
}
