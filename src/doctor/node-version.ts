import { readFileSync } from 'node:fs'
import { type Check, failed, ok } from './check.js'

/** Node against `engines` of our package.json (`>=20.19`). */
export function checkNode(version = process.versions.node, manifest = readManifest()): Check {
  const name = 'Node.js'
  const needed = /^>=\s*(\d+(?:\.\d+)*)$/.exec(manifest.engines.node.trim())?.[1]
  const found = `${version}, offstep ${manifest.version}`
  if (needed === undefined || !isBefore(version, needed)) return ok(name, found)
  return failed(name, `${found} needs ${needed} or newer`, `install Node.js ${needed} or newer`)
}

interface Manifest {
  readonly version: string
  readonly engines: { readonly node: string }
}

function readManifest(): Manifest {
  return JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as Manifest
}

function isBefore(version: string, needed: string): boolean {
  const [have, want] = [version, needed].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  )
  for (const [i, least] of want!.entries()) {
    const part = have![i] ?? 0
    if (part !== least) return part < least
  }
  return false
}
