/** Taking an artifact out of a run: its files, checked, in a directory. */
import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MediaError } from '../media/request.js'
import type { KeptEntry, ReferenceEntry } from '../record/updates.js'
import { temporaryPath } from '../store/atomic-file.js'
import { type CopiedContent, copyFile, hashFile } from './copy.js'
import { ArtifactError } from './errors.js'
import { checkDistinct, checkPath } from './paths.js'
import type { StoredVersion } from './read.js'

export interface ArtifactProblem {
  /** Within the artifact. */
  readonly path: string
  readonly problem: string
}

export interface TakeOptions {
  /**
   * Hard links in place of copies, where the file system can: they cost nothing, but whoever writes to one writes into
   * the run. Default false.
   */
  readonly link?: boolean
}

export interface TakenArtifact {
  /** Absolute or relative, as `directory` was. */
  readonly files: readonly string[]
  /** What the artifact only names: it is where it was. */
  readonly references: readonly ReferenceEntry[]
}

/**
 * Compares every file that the run directory has of a version with its size and SHA-256. References are not looked at.
 * Empty where all are whole. Blocks for as long as reading them takes.
 */
export function verifyArtifact(runDir: string, { entries }: StoredVersion): ArtifactProblem[] {
  return entries.flatMap((entry) => {
    if (entry.file === undefined) return []
    const problem = problemOf(entry, () => hashFile(join(runDir, entry.file.path)))
    return problem === null ? [] : [{ path: entry.path, problem }]
  })
}

/**
 * Puts the files of a version into a directory, which is made, each checked by its SHA-256 before it has its name there;
 * what has that name is replaced. Throws an ArtifactError where a file is gone or damaged, and the file system's errors;
 * files that were taken before stay. Blocks.
 */
export function takeArtifact(
  runDir: string,
  { entries }: StoredVersion,
  directory: string,
  { link = false }: TakeOptions = {},
): TakenArtifact {
  // A journal may come from anywhere, and nothing in it may leave the directory.
  for (const { path } of entries) checkedPath(path)
  checkDistinct(entries)
  const kept = entries.filter((entry) => entry.file !== undefined)
  const files = kept.map((entry) => takeFile(runDir, entry, join(directory, entry.path), link))
  return { files, references: entries.filter((entry) => entry.file === undefined) }
}

function takeFile(runDir: string, entry: KeptEntry, target: string, link: boolean): string {
  mkdirSync(dirname(target), { recursive: true })
  const source = join(runDir, entry.file.path)
  const temporary = temporaryPath(target)
  try {
    const problem = problemOf(entry, () =>
      link && linked(source, temporary) ? hashFile(temporary) : copyFile(source, temporary),
    )
    if (problem !== null) throw new ArtifactError(`${JSON.stringify(entry.path)} ${problem}`)
    renameSync(temporary, target)
    return target
  } finally {
    // Two links to one file are not renamed over each other, and both stay.
    rmSync(temporary, { force: true })
  }
}

/** False where the file system cannot: another disk, or one without links. */
function linked(source: string, target: string): boolean {
  try {
    linkSync(source, target)
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK', 'ENOSYS', 'EOPNOTSUPP'].includes(code)) return false
    // What is gone is told by whoever reads it.
    if (code === 'ENOENT') return false
    throw error
  }
}

/** Null where the content is what was logged. */
function problemOf({ file }: KeptEntry, read: () => CopiedContent): string | null {
  let content: CopiedContent
  try {
    content = read()
  } catch (error) {
    if (error instanceof MediaError) return `cannot be read: ${error.message}`
    throw error
  }
  if (content.bytes !== file.bytes) return `holds ${content.bytes} of ${file.bytes} bytes in ${file.path}`
  return content.sha256 === file.sha256 ? null : `holds other bytes than were logged, in ${file.path}`
}

function checkedPath(path: string): void {
  try {
    checkPath(path)
  } catch (error) {
    throw new ArtifactError(`the artifact is damaged: ${(error as Error).message}`, error)
  }
}
