import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SoftwareInfo } from '../../store/run-context.js'

// Each costs a file read on the daemon thread.
const MAX_DEPENDENCIES = 200
// What training code loads; development tools do not change a result.
const DEPENDENCY_FIELDS = ['dependencies', 'optionalDependencies', 'peerDependencies'] as const
const SCOPE = '@tensorflow'

type Manifest = { readonly [key: string]: unknown }

/** Versions of what a run depends on, from the package.json that is nearest to `cwd`. Never throws. */
export function readSoftware(cwd: string): SoftwareInfo {
  const manifest = nearestManifest(resolve(cwd), () => true)
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    offstep: offstepVersion(),
    package: manifest === null ? null : { name: text(manifest.name), version: text(manifest.version) },
    dependencies: installedVersions(resolve(cwd), manifest ?? {}),
  }
}

function installedVersions(cwd: string, manifest: Manifest): { [name: string]: string } {
  const places = ancestors(cwd).map((dir) => join(dir, 'node_modules'))
  const declared = DEPENDENCY_FIELDS.flatMap((field) => Object.keys(manifest[field] ?? {}))
  const scoped = places.flatMap((place) => list(join(place, SCOPE)).map((name) => `${SCOPE}/${name}`))
  const names = [...new Set([...scoped, ...declared.filter(isPackageName)])].slice(0, MAX_DEPENDENCIES)
  const versions: [string, string][] = []
  for (const name of names.sort()) {
    const version = places
      .map((place) => text(readManifest(join(place, name))?.version))
      .find((v) => v !== null)
    if (version !== undefined && version !== null) versions.push([name, version])
  }
  return Object.fromEntries(versions)
}

/** Our own version. Null where a bundler has moved this file out of the package. */
function offstepVersion(): string | null {
  const here = dirname(fileURLToPath(import.meta.url))
  return text(nearestManifest(here, (manifest) => manifest.name === 'offstep')?.version)
}

function nearestManifest(start: string, accepts: (manifest: Manifest) => boolean): Manifest | null {
  for (const dir of ancestors(start)) {
    const manifest = readManifest(dir)
    if (manifest !== null && accepts(manifest)) return manifest
  }
  return null
}

/** The directory itself, its parent, and so on to the root: where Node looks for packages. */
function ancestors(dir: string): string[] {
  const parent = dirname(dir)
  return parent === dir ? [dir] : [dir, ...ancestors(parent)]
}

function readManifest(dir: string): Manifest | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
    return typeof value === 'object' && value !== null ? (value as Manifest) : null
  } catch {
    return null
  }
}

/** A name that stays within node_modules. */
function isPackageName(name: string): boolean {
  return /^(@[\w.~-]+\/)?[\w~-][\w.~-]*$/.test(name)
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir).filter(isPackageName)
  } catch {
    return []
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
