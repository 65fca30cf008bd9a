import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where package.json is: of the sources, and of what is built from them. */
export const ROOT = rootAbove(path.dirname(fileURLToPath(import.meta.url)))

function rootAbove(directory: string): string {
  return fs.existsSync(path.join(directory, 'package.json')) ? directory : rootAbove(path.dirname(directory))
}
