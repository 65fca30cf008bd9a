import { readdirSync, readFileSync } from 'node:fs'

/** The text of a file in /proc; null where there is none, as on other systems than Linux. Blocks, for some us. */
export function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not Linux, or hidden from this process.
    return null
  }
}

/** The number behind `Name:` in a file such as /proc/meminfo, or behind `name` in one such as memory.stat. */
export function fieldIn(text: string | null, name: string): number | null {
  const found = text === null ? null : new RegExp(`^${name}:?\\s+(\\d+)`, 'm').exec(text)
  return found === null ? null : Number(found[1])
}

/** What is in a directory; nothing where there is none, as on other systems than Linux. Blocks. */
export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    // Not Linux, or no such device.
    return []
  }
}
