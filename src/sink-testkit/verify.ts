import { isDeepStrictEqual } from 'node:util'
import { isBad, refuseBadRows } from './bad-row.js'
import { onStage, type Stage } from './stage.js'
import { type JournalRow, SinkTestError } from './types.js'

const MAX_TEXT = 300

/** The destination holds exactly what it should, and the counts add up. `rejected`: rows that are dead letters. */
export async function verify(stage: Stage, rejected = false): Promise<void> {
  const { rows, target, place } = stage
  verifyCounts(stage, rows, rejected)
  if (target.read !== undefined) {
    const found = [...(await target.read(place))]
    const wanted = await expectedAt(stage, rows, rejected)
    compare(found, wanted, target.ordered ?? true)
  } else if (target.count === undefined) throw new SinkTestError('give read() or count()')
  if (target.count === undefined) return
  const { delivered } = stage.cursor.counts
  const count = await target.count(place)
  if (count === delivered) return
  throw new SinkTestError(
    `the destination holds ${count} rows, and the sink says that it has delivered ${delivered}`,
  )
}

function verifyCounts({ cursor }: Stage, rows: readonly JournalRow[], rejected: boolean): void {
  const { delivered, deadLettered, notApplicable } = cursor.counts
  if (delivered + deadLettered + notApplicable !== rows.length) {
    throw new SinkTestError(
      `of ${rows.length} rows ${delivered} are delivered, ${notApplicable} not applicable, ${deadLettered} dead letters: count each once`,
    )
  }
  const allowed = rejected ? rows.filter(isBad).length : 0
  if (deadLettered !== allowed) {
    throw new SinkTestError(
      `${deadLettered} rows are dead letters where ${allowed} should be: what the destination has no place for is notApplicable`,
    )
  }
}

async function expectedAt(
  stage: Stage,
  rows: readonly JournalRow[],
  rejected: boolean,
): Promise<readonly unknown[]> {
  const { target, place } = stage
  const { expected = heldByDefault } = target
  if (expected === 'as-undisturbed') return undisturbed(stage, rejected)
  return rows.filter((row) => !rejected || !isBad(row)).flatMap((row) => expected(row, place))
}

const heldByDefault = ({ producer, sequence, step, values, media }: JournalRow): unknown[] =>
  media === null ? [{ producer, sequence, step, values }] : []

/** What a delivery in one go leaves at a destination of its own. */
async function undisturbed(stage: Stage, rejected: boolean): Promise<readonly unknown[]> {
  return onStage(
    stage.target,
    async (other) => {
      await other.deliverAll(rejected ? { before: refuseBadRows } : {})
      await other.close()
      return [...(await stage.target.read!(other.place))]
    },
    { like: stage },
  )
}

function compare(found: readonly unknown[], wanted: readonly unknown[], ordered: boolean): void {
  const [left, right] = ordered ? [found, wanted] : [sorted(found), sorted(wanted)]
  const length = Math.max(left.length, right.length)
  for (let index = 0; index < length; index++) {
    if (index < left.length && index < right.length && isDeepStrictEqual(left[index], right[index])) continue
    const counts =
      left.length === right.length ? '' : ` (${left.length} items where ${right.length} should be)`
    throw new SinkTestError(
      `item ${index} at the destination is ${show(left, index)} where ${show(right, index)} should be${counts}`,
    )
  }
}

const sorted = (items: readonly unknown[]): unknown[] =>
  items
    .map((item) => ({ item, text: textOf(item) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ item }) => item)

const show = (items: readonly unknown[], index: number): string =>
  index < items.length ? textOf(items[index]).slice(0, MAX_TEXT) : 'nothing'

/** JSON, with what it has no form for. */
const textOf = (item: unknown): string =>
  JSON.stringify(item, (_, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
    return Object.is(value, -0) ? '-0' : value
  }) ?? 'undefined'
