import type { RecordBatch } from '../record/batch.js'
import { lengthIn } from '../sinks/file/append-file.js'
import { TextBuffer } from '../sinks/file/text-buffer.js'
import { LineFormatter } from '../sinks/jsonl/format.js'
import type { Description, Unit } from './alignment.js'
import { type ContentCheck, type ContentSetup, shortened } from './content-check.js'
import type { FileCheck } from './report.js'
import { TextComparison } from './text-comparison.js'

const ROW = /^\{"step":.*"producer":(\d+),"sequence":(\d+)[,}]/

/** metrics.jsonl, byte for byte. */
export function checkJsonl(setup: ContentSetup): ContentCheck {
  return new JsonlCheck(setup)
}

class JsonlCheck implements ContentCheck {
  readonly #formatter: LineFormatter
  readonly #text = new TextBuffer()
  readonly #comparison: TextComparison

  constructor({ context, cursor, lost, nameless }: ContentSetup) {
    this.#formatter = new LineFormatter(context.startTime)
    this.#comparison = new TextComparison({
      runDir: context.runDir,
      file: 'metrics.jsonl',
      committed: cursor.state === null ? 0 : lengthIn(cursor.state, 'length'),
      unit: 'row',
      read: (line) => readRow(line, ROW.exec(line), nameless),
      isLost: ({ producer, sequence }) => producer !== null && lost.has(producer, sequence!),
      describe,
    })
  }

  expect(batch: RecordBatch): void {
    this.#text.clear()
    this.#formatter.format(batch, this.#text)
    this.#comparison.expect(this.#text.finish())
  }

  finish(): FileCheck[] {
    return [this.#comparison.finish()]
  }

  close(): void {
    this.#comparison.close()
  }
}

/** A line that holds a row: `match` finds its producer and sequence number, and what else identifies it. */
export function readRow(line: string, match: RegExpExecArray | null, nameless: ReadonlySet<string>): Unit {
  if (match === null)
    return { text: line, id: null, producer: null, sequence: null, order: null, nameless: false }
  const [, producer, sequence, part = ''] = match
  const row = `${producer}:${sequence}`
  return {
    text: line,
    id: `${row}:${part}`,
    producer: Number(producer),
    sequence: Number(sequence),
    order: Number(sequence),
    nameless: nameless.has(row),
  }
}

function describe(expected: Unit | null, found: Unit | null): Description {
  const [before, after] = [expected, found].map((unit) => (unit === null ? null : fieldsOf(unit.text)))
  const field =
    before && after
      ? ([...new Set([...before.keys(), ...after.keys()])].find(
          (name) => before.get(name) !== after.get(name),
        ) ?? null)
      : null
  const told = (unit: Unit | null, fields: Map<string, string> | null | undefined): string | null =>
    unit === null ? null : shortened(field === null ? utf8(unit.text) : (fields?.get(field) ?? 'nothing'))
  return { field, expected: told(expected, before), found: told(found, after) }
}

/** Each field's value as JSON; null where the line is none. */
function fieldsOf(line: string): Map<string, string> | null {
  try {
    const row: unknown = JSON.parse(utf8(line))
    if (typeof row !== 'object' || row === null) return null
    return new Map(Object.entries(row).map(([name, value]) => [name, JSON.stringify(value)]))
  } catch {
    // What is to be shown is that it is no JSON: the line as it is.
    return null
  }
}

/** Lines are compared as bytes; people read them as text. */
export function utf8(line: string): string {
  return Buffer.from(line, 'latin1').toString('utf8')
}
