import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/**
 * Puts `text` at `path` so that a reader finds either the old file or the new one, whole. `durable`: the new
 * one survives a power loss too. Synchronous, blocks.
 */
export function replaceFile(path: string, text: string, durable: boolean): void {
  const temporary = `${path}.tmp`
  try {
    const fd = openSync(temporary, 'w')
    try {
      writeFileSync(fd, text)
      if (durable) fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
