import fs from 'node:fs'
import { createRequire } from 'node:module'

/** Of a package as `from` finds it. */
export function versionOf(name: string, from: string | URL = import.meta.url): string {
  return (createRequire(from)(`${name}/package.json`) as { version: string }).version
}

export function ownVersion(): string {
  const manifest = new URL('../../../../package.json', import.meta.url)
  return (JSON.parse(fs.readFileSync(manifest, 'utf8')) as { version: string }).version
}

/** Of what comes with Node. */
export const nodeVersion = (): string => `Node ${process.versions.node}`
