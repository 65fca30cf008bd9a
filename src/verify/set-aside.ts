import fs from 'node:fs'
import path from 'node:path'
import { ownNames } from '../sinks/tensorboard/event-file.js'
import { syncDirectory } from '../store/atomic-file.js'

const FILES: { readonly [sink: string]: readonly string[] } = {
  jsonl: ['metrics.jsonl'],
  csv: ['metrics.csv', 'metrics-overflow.csv'],
  summary: ['summary.json'],
}
const EVENTS = 'tensorboard'

/**
 * Moves what a sink has written to `<name>.before-repair` beside it, so that writing it again cannot destroy the
 * only copy of anything. Files of others in TensorBoard's directory stay. Returns what there is now, relative to
 * the run directory. Durable when it returns.
 */
export function setAside(runDir: string, sink: string): string[] {
  const kept = sink === EVENTS ? setAsideEvents(runDir) : setAsideFiles(runDir, FILES[sink] ?? [])
  if (kept.length > 0) syncDirectory(runDir)
  return kept
}

function setAsideFiles(runDir: string, names: readonly string[]): string[] {
  const kept: string[] = []
  for (const name of names) {
    if (!fs.existsSync(path.join(runDir, name))) continue
    const free = freeName(runDir, name)
    fs.renameSync(path.join(runDir, name), path.join(runDir, free))
    kept.push(free)
  }
  return kept
}

function setAsideEvents(runDir: string): string[] {
  const root = path.join(runDir, EVENTS)
  if (!fs.existsSync(root)) return []
  const inside = fs.readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const files = ['', ...inside.map(({ name }) => name)].flatMap((name) =>
    ownNames(path.join(root, name)).map((file) => path.join(name, file)),
  )
  if (files.length === 0) return []
  const free = freeName(runDir, EVENTS)
  for (const file of files) {
    const to = path.join(runDir, free, file)
    fs.mkdirSync(path.dirname(to), { recursive: true })
    fs.renameSync(path.join(root, file), to)
  }
  return [free]
}

/** What an earlier repair kept stays too. */
function freeName(runDir: string, name: string): string {
  const first = `${name}.before-repair`
  let free = first
  for (let n = 2; fs.existsSync(path.join(runDir, free)); n++) free = `${first}-${n}`
  return free
}
