import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { temporaryPath } from '../store/atomic-file.js'
import { RunLock } from '../store/run-lock.js'
import { TAR_END, tarHeader, tarPadding } from './tar.js'

/** The archive is there already, or a file changed while it was read. The message says what to do. */
export class ArchiveError extends Error {
  readonly code = 'OFFSTEP_ARCHIVE'
  readonly retryable = false

  constructor(message: string) {
    super(message)
    this.name = 'ArchiveError'
  }
}

/** Locks are of this machine, and of this moment. */
const LEFT_OUT = new Set(['lock'])

/**
 * Packs a run directory as `<into>/<id>.tar.gz` (POSIX tar, any `tar xzf` unpacks it to `<id>/`). It appears there when
 * it is whole and has been read back. Returns its path. Takes the run's lock: throws RunAliveError where the run lives,
 * ArchiveError, and the file system's errors; there is then no archive. Does not block.
 */
export async function archiveRun(runDir: string, into: string): Promise<string> {
  const target = join(into, `${basename(runDir)}.tar.gz`)
  if (existsSync(target)) {
    throw new ArchiveError(`${target} is there already: remove it, or give another directory with --out`)
  }
  mkdirSync(into, { recursive: true })
  const lock = RunLock.acquire(runDir, { role: 'repair' })
  const temporary = temporaryPath(target)
  try {
    const written = createHash('sha256')
    const tar = Readable.from(tarOf(runDir, written), { objectMode: false })
    await pipeline(tar, createGzip(), createWriteStream(temporary, { flags: 'wx' }))
    if ((await contentOf(temporary)) !== written.digest('hex')) {
      throw new ArchiveError(`${target} does not read back as it was written: check the disk`)
    }
    renameSync(temporary, target)
    return target
  } finally {
    lock.release()
    rmSync(temporary, { force: true })
  }
}

async function contentOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), createGunzip(), hash)
  return hash.digest('hex')
}

async function* tarOf(runDir: string, hash: Hash): AsyncGenerator<Buffer> {
  for await (const part of partsOf(runDir, `${basename(runDir)}/`)) {
    hash.update(part)
    yield part
  }
  hash.update(TAR_END)
  yield TAR_END
}

/** Links are left out: there are none in what offstep writes. */
async function* partsOf(dir: string, name: string): AsyncGenerator<Buffer> {
  const own = await stat(dir)
  yield tarHeader({ name, size: 0, mode: own.mode, modified: own.mtimeMs })
  for await (const entry of await opendir(dir)) {
    const path = join(dir, entry.name)
    if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) yield* partsOf(path, `${name}${entry.name}/`)
    else if (entry.isFile()) yield* fileParts(path, `${name}${entry.name}`)
  }
}

async function* fileParts(path: string, name: string): AsyncGenerator<Buffer> {
  const { size, mode, mtimeMs } = await stat(path)
  yield tarHeader({ name, size, mode, modified: mtimeMs })
  let read = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    read += chunk.length
    if (read <= size) yield chunk
  }
  if (read !== size) throw new ArchiveError(`${path} changed while it was read: try again`)
  yield tarPadding(size)
}
