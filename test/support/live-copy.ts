import fs from 'node:fs'
import { join } from 'node:path'

/**
 * Copies a directory while others write in it, as `cp -r` and backup programs do: directories are listed when
 * they are met, files are read in pieces, in any order; a file that is gone by then is left out.
 */
export class LiveCopy {
  readonly #from: string
  readonly #to: string
  readonly #random: () => number
  /** Paths below the directory that are still to be copied. */
  readonly #waiting: string[] = ['']
  /** A file that has been copied in part. */
  #half: { from: number; to: number } | null = null

  constructor(from: string, to: string, random: () => number) {
    this.#from = from
    this.#to = to
    this.#random = random
  }

  get done(): boolean {
    return this.#half === null && this.#waiting.length === 0
  }

  /** One directory's names, or half a file. */
  step(): void {
    if (this.#half !== null) {
      this.#finishFile(this.#half)
      return
    }
    const at = Math.floor(this.#random() * this.#waiting.length)
    const [path] = this.#waiting.splice(at, 1) as [string]
    try {
      this.#begin(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }

  #begin(path: string): void {
    const from = join(this.#from, path)
    if (fs.statSync(from).isDirectory()) {
      fs.mkdirSync(join(this.#to, path), { recursive: true })
      this.#waiting.push(...fs.readdirSync(from).map((name) => join(path, name)))
      return
    }
    this.#half = { from: fs.openSync(from, 'r'), to: fs.openSync(join(this.#to, path), 'w') }
    const bytes = Buffer.alloc(Math.floor(fs.fstatSync(this.#half.from).size * this.#random()))
    fs.readSync(this.#half.from, bytes)
    fs.writeSync(this.#half.to, bytes)
  }

  #finishFile({ from, to }: { from: number; to: number }): void {
    const piece = Buffer.alloc(65_536)
    for (let bytes = fs.readSync(from, piece); bytes > 0; bytes = fs.readSync(from, piece)) {
      fs.writeSync(to, piece, 0, bytes)
    }
    fs.closeSync(from)
    fs.closeSync(to)
    this.#half = null
  }
}
