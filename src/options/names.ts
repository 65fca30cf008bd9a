const MAX_CHARACTERS = 128
// A directory name holds 255 bytes; a run id may get a suffix.
const MAX_DIRECTORY_BYTES = 240
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/u

export const NAME_FIX = `give 1 to ${MAX_CHARACTERS} characters without "/", "\\" or control characters`

/** What is wrong with a name that people read (project, run, group, job type), or null. */
export function nameProblem(name: string): string | null {
  if (name === '') return NAME_FIX
  if ([...name].length > MAX_CHARACTERS) return `it is too long: ${NAME_FIX}`
  if (/[/\\]/.test(name)) return 'replace "/" and "\\" (by "-", say)'
  if (UNPRINTABLE.test(name)) return 'remove control characters'
  if (name === '.' || name === '..') return 'give a name that is not "." or ".."'
  if (name !== name.trim()) return 'remove the space before or after it'
  return null
}

/** The same for a name that becomes a directory or file. */
export function directoryNameProblem(name: string): string | null {
  const problem = nameProblem(name)
  if (problem !== null) return problem
  return Buffer.byteLength(name) > MAX_DIRECTORY_BYTES
    ? `shorten it to ${MAX_DIRECTORY_BYTES} bytes of UTF-8: it names a directory`
    : null
}

/** What is wrong with the path of a directory, or null. */
export function pathProblem(path: string): string | null {
  if (path.trim() === '') return 'give the path of a directory'
  return UNPRINTABLE.test(path) ? 'remove control characters' : null
}
