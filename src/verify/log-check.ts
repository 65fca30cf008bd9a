import type { RecordBatch } from '../record/batch.js'
import { lengthIn } from '../sinks/file/append-file.js'
import { parseOptions } from '../sinks/file/parse-options.js'
import { TextBuffer } from '../sinks/file/text-buffer.js'
import { LogLines } from '../sinks/log/log-lines.js'
import { logOptions } from '../sinks/log/options.js'
import { LOG_FILE } from '../sinks/log/sink.js'
import { plural } from '../text/text.js'
import type { Unit } from './alignment.js'
import { type ContentCheck, type ContentSetup, shortened } from './content-check.js'
import { utf8 } from './jsonl-check.js'
import type { FileCheck } from './report.js'
import { TextComparison } from './text-comparison.js'

const TIME_CHARACTERS = '2026-11-21T14:30:05.123Z'.length

/** output.log, byte for byte up to the committed length: what was left out last may be told behind it. */
export function checkLog(setup: ContentSetup): ContentCheck {
  return new LogCheck(setup)
}

class LogCheck implements ContentCheck {
  readonly #text = new TextBuffer()
  readonly #lines: LogLines
  readonly #comparison: TextComparison
  readonly #lost: number
  #unreadable = 0

  constructor({ context, cursor, lost }: ContentSetup) {
    const { runDir, options } = context
    this.#lost = lost.count
    this.#lines = new LogLines(runDir, parseOptions('log', logOptions, options), this.#text)
    this.#comparison = new TextComparison({
      runDir,
      file: LOG_FILE,
      committed: cursor.state === null ? 0 : lengthIn(cursor.state, 'length'),
      unit: 'line',
      read: readLine,
      isLost: () => false,
      // A line does not say which record it is of, and a record may have many.
      lostWithoutId: lost.count > 0 ? Number.POSITIVE_INFINITY : 0,
      describe: (expected, found) => ({ field: null, expected: told(expected), found: told(found) }),
    })
  }

  expect(batch: RecordBatch): void {
    this.#text.clear()
    this.#unreadable += this.#lines.add(batch).rejected.length
    this.#comparison.expect(this.#text.finish())
  }

  finish(): FileCheck[] {
    const check = this.#comparison.finish()
    const gone = this.#lost + this.#unreadable
    if (check.result !== 'damaged' || check.problem !== null || gone === 0) return [check]
    // How many lines a second had says which were left out: one that is gone may change others. The file may have
    // what is gone, so that is no reason to make it anew.
    const problem = `${LOG_FILE} cannot be compared: ${plural(gone, 'record')} behind it ${gone === 1 ? 'is' : 'are'} gone or damaged`
    return [{ ...check, result: 'unchecked', problem, differing: 0, missing: 0, extra: 0 }]
  }

  close(): void {
    this.#comparison.close()
  }
}

function readLine(line: string): Unit {
  const time = Date.parse(line.slice(0, TIME_CHARACTERS))
  const order = Number.isNaN(time) ? null : time
  return { text: line, id: null, producer: null, sequence: null, order, nameless: false }
}

const told = (unit: Unit | null): string | null => (unit === null ? null : shortened(utf8(unit.text)))
