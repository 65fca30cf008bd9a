import { statfsSync } from 'node:fs'
import { readProc } from './proc.js'
import { GIB, MIB, percent, type Sample } from './sample.js'

/** The disk that the run is on, and what this process has read and written since the monitor began, in MiB. */
export class DiskMeter {
  readonly #directory: string
  readonly #start = ioBytes()

  constructor(directory: string) {
    this.#directory = directory
  }

  sample(into: Sample): void {
    const { bsize, blocks, bfree } = statfsSync(this.#directory)
    const used = (blocks - bfree) * bsize
    // W&B's name for the disk that it looks at is "/".
    into['disk./.usageGB'] = used / GIB
    if (blocks > 0) into['disk./.usagePercent'] = percent(blocks - bfree, blocks)
    const io = ioBytes()
    if (io === null || this.#start === null) return
    into['disk.in'] = (io.read - this.#start.read) / MIB
    into['disk.out'] = (io.written - this.#start.written) / MIB
  }
}

function ioBytes(): { readonly read: number; readonly written: number } | null {
  const text = readProc('/proc/self/io')
  const [, read] = /^read_bytes: (\d+)/m.exec(text ?? '') ?? []
  const [, written] = /^write_bytes: (\d+)/m.exec(text ?? '') ?? []
  return read === undefined || written === undefined ? null : { read: Number(read), written: Number(written) }
}
