import { isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A URL or a path as the text of a URL, which structured clone can carry; a bare package name stays. */
export function moduleUrl(module: string | URL): string {
  if (module instanceof URL) return module.href
  const isPath = /^\.{1,2}[/\\]/.test(module) || isAbsolute(module)
  return isPath ? pathToFileURL(resolve(module)).href : module
}

/** The same for a file that a Worker starts: a bare name is a path. Null where no Worker can start it. */
export function workerFileUrl(file: string | URL): string | null {
  if (file === '') return null
  const url = moduleUrl(file)
  if (/^(file|data):/i.test(url)) return url
  return /^[a-z][a-z0-9+.-]+:/i.test(url) ? null : pathToFileURL(resolve(url)).href
}
