import { statfsSync } from 'node:fs'

/** Errors that say "there is no room": of the disk or its inodes, and of a quota. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT'])

export const isNoRoom = (code: string | undefined): boolean => code !== undefined && NO_ROOM.has(code)

/** There is no room for what was to be written. */
export class NoRoomError extends Error {
  readonly code: string
  readonly retryable = true

  constructor(dir: string, cause: NodeJS.ErrnoException) {
    super(`There is no room on the disk of ${dir} (${cause.code}). Free some space, and try again.`, {
      cause,
    })
    this.name = 'NoRoomError'
    this.code = cause.code!
  }
}

export interface DiskSpace {
  /** What this process may still use, in bytes. 0 where the disk has no inode left for a new file. */
  readonly freeBytes: number
  readonly totalBytes: number
}

/**
 * The space of the disk that holds `path`; null where the system does not tell. A user's quota is not in it.
 * Blocks (about 5 us on a local disk, as long as the server takes on a network disk).
 */
export function diskSpace(path: string): DiskSpace | null {
  try {
    const { bsize, blocks, bavail, files, ffree } = statfsSync(path)
    return { freeBytes: files > 0 && ffree === 0 ? 0 : bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    // The write that needs the space will tell what is wrong with the disk.
    return null
  }
}
