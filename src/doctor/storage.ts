import fs from 'node:fs'
import path from 'node:path'
import { bytesText } from './bytes.js'
import { type Check, errorText, failed, ok, warning } from './check.js'

const APPENDS = 20
const APPEND_BYTES = 4096
/** A disk that takes longer for all appends has said enough. */
const BUDGET_MS = 1000
const SLOW_SYNC_MS = 50
const CLOCK_SKEW_MS = 2000
const LOW = { bytes: 1024 ** 3, inodes: 10_000 }
const NONE = { bytes: 16 * 1024 ** 2, inodes: 100 }

/** What statfs(2) calls them (linux/magic.h): where a lock, a rename or a sync may not be what it is elsewhere. */
const NETWORK_TYPES: { readonly [magic: number]: string } = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB 2',
  1702057286: 'FUSE',
  16914839: '9p',
  198183888: 'Lustre',
  1397113167: 'AFS',
  12805120: 'CephFS',
  1196443219: 'GPFS',
  428016422: 'BeeGFS',
}
const TMPFS = 0x01021994
const LOCAL_TYPES: { readonly [magic: number]: string } = {
  61267: 'ext4',
  1481003842: 'XFS',
  2435016766: 'Btrfs',
  801189825: 'ZFS',
  2035054128: 'overlay (of a container)',
}

/**
 * The run directory, or the nearest one above it that exists: what a run needs of it is done there, in a directory
 * that is removed again. Synchronous file calls, about a second at most where the disk answers.
 */
export function checkStorage(dir: string): Check[] {
  const place = nearest(dir)
  const probe = path.join(place, `.offstep-doctor-${process.pid}`)
  try {
    fs.mkdirSync(probe)
    fs.writeFileSync(path.join(probe, 'written'), 'x')
  } catch (error) {
    fs.rmSync(probe, { recursive: true, force: true })
    const fix = 'make it writable for this user, or give another one with --dir or OFFSTEP_DIR'
    return [
      failed('run directory', `${place} cannot be written: ${errorText(error)}`, fix),
      ...checkSpace(place),
    ]
  }
  const where = place === dir ? dir : `${dir} (does not exist yet; ${place} can be written)`
  try {
    const checks = [checkSync, checkRename, checkLinks, checkFileClock].map((check) =>
      attempt(() => check(probe)),
    )
    return [ok('run directory', where), ...checkSpace(place), ...checks, checkFileSystem(place)]
  } finally {
    fs.rmSync(probe, { recursive: true, force: true })
  }
}

function nearest(dir: string): string {
  for (let place = dir; ; place = path.dirname(place)) {
    if (fs.existsSync(place) || place === path.dirname(place)) return place
  }
}

function attempt(check: () => Check): Check {
  try {
    return check()
  } catch (error) {
    const { syscall = 'file call' } = error as NodeJS.ErrnoException
    return failed(
      'run directory',
      `${syscall} does not work there: ${errorText(error)}`,
      'use another disk: give --dir',
    )
  }
}

function checkSpace(place: string): Check[] {
  const { bavail, bsize, files, ffree } = fs.statfsSync(place)
  const free = bavail * bsize
  const fix =
    'remove what is not needed, or give a directory on another disk; rows wait in memory while it is full'
  const found = `${bytesText(free)} free`
  const space = free < NONE.bytes ? failed : free < LOW.bytes ? warning : null
  const checks = [space === null ? ok('disk space', found) : space('disk space', found, fix)]
  // Btrfs and others have no fixed number of them, and say 0.
  if (files > 0) {
    const inodes = ffree < NONE.inodes ? failed : ffree < LOW.inodes ? warning : null
    const left = `${ffree} of ${files} inodes free`
    if (inodes !== null)
      checks.push(inodes('inodes', left, 'remove small files: no new file can be made without one'))
    else checks.push(ok('inodes', left))
  }
  return checks
}

/** What the drain does each second: append, then fdatasync. */
function checkSync(probe: string): Check {
  const fd = fs.openSync(path.join(probe, 'appended'), 'a')
  const times: number[] = []
  try {
    const begun = performance.now()
    while (times.length < APPENDS && performance.now() - begun < BUDGET_MS) {
      fs.writeSync(fd, Buffer.alloc(APPEND_BYTES, times.length))
      const before = performance.now()
      fs.fdatasyncSync(fd)
      times.push(performance.now() - before)
    }
  } finally {
    fs.closeSync(fd)
  }
  times.sort((a, b) => a - b)
  const [median, worst] = [times[times.length >> 1]!, times.at(-1)!]
  const found = `median ${median.toFixed(1)} ms, worst of ${times.length} ${worst.toFixed(1)} ms`
  const fix = 'it costs training nothing, but a power cut may take more: use a faster or a local disk'
  return median > SLOW_SYNC_MS ? warning('fsync', found, fix) : ok('fsync', found)
}

function checkRename(probe: string): Check {
  const [from, to] = [path.join(probe, 'new'), path.join(probe, 'old')]
  fs.writeFileSync(to, 'old')
  fs.writeFileSync(from, 'new')
  fs.renameSync(from, to)
  if (fs.readFileSync(to, 'utf8') === 'new' && !fs.existsSync(from))
    return ok('rename', 'replaces a file at once')
  return failed(
    'rename',
    'does not replace a file',
    'use another file system: cursors are committed by rename',
  )
}

/** The lock of a run is made by a link, which the system grants to one process only. */
function checkLinks(probe: string): Check {
  const file = path.join(probe, 'linked')
  fs.writeFileSync(file, 'x')
  try {
    fs.linkSync(file, `${file}-too`)
    return ok('hard links', 'work')
  } catch (error) {
    const fix = 'nothing, where one process at a time uses a run; else use a file system that has them'
    return warning(
      'hard links',
      `do not work here (${errorText(error)}): locks are made in a weaker way`,
      fix,
    )
  }
}

function checkFileSystem(place: string): Check {
  const name = 'file system'
  // The kernel's 32 bits, which a 32-bit system gives with a sign.
  const type = fs.statfsSync(place).type >>> 0
  if (process.platform !== 'linux') return ok(name, `type ${type}`)
  const network = NETWORK_TYPES[type]
  if (network !== undefined) {
    const fix = 'train into a local disk and let `offstep sync` copy, if metrics come late or locks misbehave'
    return warning(name, `${network}: slower, and its syncs and locks depend on a server`, fix)
  }
  if (type === TMPFS) {
    return warning(
      name,
      'tmpfs: it is memory, and gone with the machine',
      'give a directory on a disk with --dir',
    )
  }
  return ok(name, LOCAL_TYPES[type] ?? `type 0x${type.toString(16)}`)
}

/** A file server has a clock of its own. */
function checkFileClock(probe: string): Check {
  const file = path.join(probe, 'clock')
  const before = Date.now()
  fs.writeFileSync(file, 'x')
  const { mtimeMs } = fs.statSync(file)
  const after = Date.now()
  const skew = mtimeMs < before ? mtimeMs - before : mtimeMs > after ? mtimeMs - after : 0
  if (Math.abs(skew) <= CLOCK_SKEW_MS) return ok('clock of the disk', 'agrees with this machine')
  const found = `${Math.abs(skew / 1000).toFixed(0)} s ${skew < 0 ? 'behind' : 'ahead of'} this machine's`
  return warning(
    'clock of the disk',
    found,
    'let both machines keep time by NTP: ends of crashed runs will be off',
  )
}
