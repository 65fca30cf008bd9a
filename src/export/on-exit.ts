import { rmSync } from 'node:fs'

/** Removes a file or a directory where the process exits before the returned function is called (not where it is killed). */
export function removeOnExit(path: string): () => void {
  const remove = (): void => rmSync(path, { recursive: true, force: true })
  process.on('exit', remove)
  return () => void process.off('exit', remove)
}
