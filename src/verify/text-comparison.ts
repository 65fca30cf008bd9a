import fs from 'node:fs'
import path from 'node:path'
import { Alignment, type AlignmentSetup, type Unit } from './alignment.js'
import type { FileCheck } from './report.js'
import { type ReadUnit, splitLines, TextFile } from './text-file.js'

const NEW_LINE = 0x0a

export interface TextComparisonSetup extends Pick<AlignmentSetup<Unit>, 'isLost' | 'describe'> {
  readonly runDir: string
  readonly file: string
  /** How much of it the cursor knows. */
  readonly committed: number
  readonly unit: FileCheck['unit']
  readonly read: ReadUnit
  /** See AlignmentSetup. Default 0. */
  readonly lostWithoutId?: number
}

/** Compares one text file with the bytes that its sink makes of the journal. */
export class TextComparison {
  readonly #setup: TextComparisonSetup
  readonly #actual: TextFile | null
  readonly #alignment: Alignment<Unit> | null = null
  #problem: string | null = null
  #size = 0
  #absent = 0

  constructor(setup: TextComparisonSetup) {
    this.#setup = setup
    const { runDir, file, committed, read } = setup
    this.#actual = this.#open(path.join(runDir, file), file, committed, read)
    if (this.#actual === null) return
    const { isLost, describe, lostWithoutId = 0 } = setup
    this.#alignment = new Alignment({
      actual: this.#actual,
      split: (bytes) => splitLines(bytes, read),
      isLost,
      lostWithoutId,
      describe,
    })
  }

  #open(file: string, name: string, committed: number, read: ReadUnit): TextFile | null {
    try {
      this.#size = fs.statSync(file).size
      return new TextFile(file, name, committed, read)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      this.#problem = code === 'ENOENT' ? `${name} is gone` : `${name} cannot be read (${code})`
      return null
    }
  }

  /** Whole lines; the bytes may be reused afterwards. */
  expect(bytes: Uint8Array): void {
    const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#alignment?.expect(lines)
    if (this.#alignment !== null) return
    for (let at = lines.indexOf(NEW_LINE); at >= 0; at = lines.indexOf(NEW_LINE, at + 1)) this.#absent++
  }

  /** `headers`: lines that are no rows, where the file is gone. */
  finish(headers = 0): FileCheck {
    const { file, committed, unit } = this.#setup
    this.#alignment?.finish()
    const {
      differing = 0,
      extra = 0,
      onlyHere = 0,
      missing = Math.max(0, this.#absent - headers),
      first = null,
    } = this.#alignment ?? {}
    // A sink that has delivered nothing may not have made its file yet.
    const gone = this.#alignment === null && (committed > 0 || missing > 0)
    const short = this.#alignment !== null && this.#size < committed
    const problem = short ? `${file} holds ${this.#size} of ${committed} bytes` : gone ? this.#problem : null
    const damaged = problem !== null || differing + missing + extra > 0
    return {
      file,
      result: gone ? 'missing' : damaged ? 'damaged' : 'ok',
      problem,
      bytes: this.#size,
      uncommittedBytes: Math.max(0, this.#size - committed),
      unit,
      differing,
      missing,
      extra,
      onlyHere,
      first,
    }
  }

  close(): void {
    this.#actual?.close()
  }
}
