import { statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readProc } from './proc.js'
import { GIB, MIB, percent, type Sample } from './sample.js'

/** The unit of /proc/diskstats, whatever the disk's own is. */
const SECTOR_BYTES = 512

interface Traffic {
  /** Bytes. */
  readonly read: number
  readonly written: number
}

/**
 * The disk that the run is on: how full it is, and what it and this process have read and written since the monitor
 * began, in MiB.
 */
export class DiskMeter {
  readonly #directory: string
  readonly #root: string
  readonly #disk: Traffic | null
  readonly #process: Traffic | null

  /** `root` is where /proc lies. */
  constructor(directory: string, root = '/') {
    this.#directory = directory
    this.#root = root
    this.#disk = this.#ofDisk()
    this.#process = this.#ofProcess()
  }

  sample(into: Sample): void {
    const { bsize, blocks, bfree, bavail } = statfsSync(this.#directory)
    const used = (blocks - bfree) * bsize
    // W&B's name for the disk that it looks at is "/".
    into['disk./.usageGB'] = used / GIB
    into['disk./.availableGB'] = (bavail * bsize) / GIB
    if (blocks > 0) into['disk./.usagePercent'] = percent(blocks - bfree, blocks)
    add(into, ['disk.in', 'disk.out'], this.#disk, this.#ofDisk())
    add(into, ['proc.disk.readMB', 'proc.disk.writtenMB'], this.#process, this.#ofProcess())
  }

  /** Null where the directory is on no disk of this machine's: in memory, on the network, in layers. */
  #ofDisk(): Traffic | null {
    const { dev } = statSync(this.#directory)
    // As the C library takes a device number apart (gnu_dev_major).
    const major = Math.floor(dev / 2 ** 8) % 2 ** 12
    const minor = (dev % 2 ** 8) + Math.floor(dev / 2 ** 20) * 2 ** 8
    for (const line of (readProc(join(this.#root, 'proc/diskstats')) ?? '').split('\n')) {
      const fields = line.trim().split(/\s+/)
      if (Number(fields[0]) !== major || Number(fields[1]) !== minor || fields.length < 10) continue
      return { read: Number(fields[5]) * SECTOR_BYTES, written: Number(fields[9]) * SECTOR_BYTES }
    }
    return null
  }

  #ofProcess(): Traffic | null {
    const text = readProc(join(this.#root, 'proc/self/io'))
    const [, read] = /^read_bytes: (\d+)/m.exec(text ?? '') ?? []
    const [, written] = /^write_bytes: (\d+)/m.exec(text ?? '') ?? []
    return read === undefined || written === undefined
      ? null
      : { read: Number(read), written: Number(written) }
  }
}

function add(
  into: Sample,
  [read, written]: readonly [string, string],
  start: Traffic | null,
  now: Traffic | null,
): void {
  if (start === null || now === null) return
  into[read] = (now.read - start.read) / MIB
  into[written] = (now.written - start.written) / MIB
}
