import type { NamedRing } from '../daemon/messages.js'

/** A producer's name as a directory name, unique in the run. */
export function directoryName(name: string, taken: readonly NamedRing[]): string {
  const safe =
    name
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 64) || 'producer'
  let unique = safe
  for (let n = 2; taken.some((ring) => ring.name === unique); n++) unique = `${safe}-${n}`
  return unique
}
