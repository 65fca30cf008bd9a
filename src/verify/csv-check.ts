import type { RecordBatch } from '../record/batch.js'
import { Columns } from '../sinks/csv/columns.js'
import { OVERFLOW_HEADER, RowFormatter } from '../sinks/csv/format.js'
import { lengthIn } from '../sinks/file/append-file.js'
import { FIXED_FIELDS } from '../sinks/file/fields.js'
import { TextBuffer } from '../sinks/file/text-buffer.js'
import type { Description, Unit } from './alignment.js'
import { type ContentCheck, type ContentSetup, shortened } from './content-check.js'
import { readRow, utf8 } from './jsonl-check.js'
import type { FileCheck } from './report.js'
import { TextComparison, type TextComparisonSetup } from './text-comparison.js'

const ROW = /^[^,]*,[^,]*,[^,]*,(\d+),(\d+)(?:,|$)/
const OVERFLOW_ROW = /^[^,]*,[^,]*,[^,]*,(\d+),(\d+),(.*),[^,]*$/

/**
 * metrics.csv and metrics-overflow.csv, byte for byte. Which metrics have columns is the cursor's to say: it
 * depends on how large the file was when each appeared. A row that was written before its file got more columns
 * has them too, empty: so each is expected with all columns at once.
 */
export function checkCsv(setup: ContentSetup): ContentCheck {
  return new CsvCheck(setup)
}

class CsvCheck implements ContentCheck {
  readonly #columns: Columns
  readonly #formatter: RowFormatter
  readonly #text = new TextBuffer()
  readonly #overflowText = new TextBuffer()
  readonly #comparison: TextComparison
  readonly #overflow: TextComparison | null

  constructor({ context, cursor, lost, nameless }: ContentSetup) {
    const { state } = cursor
    const columns = Array.isArray(state?.columns) ? state.columns.map(String) : []
    this.#columns = new Columns(columns)
    this.#formatter = new RowFormatter(context.startTime)
    const common: Omit<TextComparisonSetup, 'file' | 'committed' | 'unit' | 'read' | 'describe'> = {
      runDir: context.runDir,
      isLost: ({ producer, sequence }) => producer !== null && lost.has(producer, sequence!),
    }
    const names = [...FIXED_FIELDS, ...columns]
    this.#comparison = new TextComparison({
      ...common,
      file: 'metrics.csv',
      committed: state === null ? 0 : lengthIn(state, 'length'),
      unit: 'row',
      read: (line) => readRow(line, ROW.exec(line), nameless),
      describe: (expected, found) => describe(names, expected, found),
    })
    const { overflowLength } = state ?? {}
    this.#overflow =
      typeof overflowLength !== 'number'
        ? null
        : new TextComparison({
            ...common,
            file: 'metrics-overflow.csv',
            committed: overflowLength,
            unit: 'value',
            read: (line) => readRow(line, OVERFLOW_ROW.exec(line), nameless),
            describe: (expected, found) => describe([...FIXED_FIELDS, 'name', 'value'], expected, found),
          })
    // Where all records were lost before they could be delivered, nothing was written.
    if (state !== null) this.#comparison.expect(Buffer.from(this.#columns.header()))
    this.#overflow?.expect(Buffer.from(OVERFLOW_HEADER))
  }

  expect(batch: RecordBatch): void {
    this.#columns.overflow(this.#columns.unknownKeys(batch))
    this.#text.clear()
    this.#overflowText.clear()
    this.#formatter.format(batch, this.#columns, this.#text, this.#overflowText)
    this.#comparison.expect(this.#text.finish())
    this.#overflow?.expect(this.#overflowText.finish())
  }

  finish(): FileCheck[] {
    const files = [this.#comparison.finish(1)]
    if (this.#overflow !== null) files.push(this.#overflow.finish(1))
    return files
  }

  close(): void {
    this.#comparison.close()
    this.#overflow?.close()
  }
}

function describe(names: readonly string[], expected: Unit | null, found: Unit | null): Description {
  const before = expected?.text.split(',')
  const after = found?.text.split(',')
  const sameShape = before?.length === after?.length && before?.length === names.length
  const index = sameShape ? before!.findIndex((cell, i) => cell !== after![i]) : -1
  const told = (unit: Unit | null, cells: readonly string[] | undefined): string | null =>
    unit === null
      ? null
      : shortened(utf8(index < 0 ? unit.text : cells![index]! === '' ? 'nothing' : cells![index]!))
  return {
    field: index < 0 ? null : names[index]!,
    expected: told(expected, before),
    found: told(found, after),
  }
}
