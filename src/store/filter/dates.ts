const DAY = /^(\d{4})-(\d{2})-(\d{2})$/
const TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/

/** A moment, or a whole day: milliseconds since the epoch, the last one included. */
export interface DateRange {
  readonly from: number
  readonly to: number
}

/** `2026-11-20` (that day), `2026-11-20T14:30`, with seconds and a zone or in local time; null for anything else. */
export function readDate(text: string): DateRange | null {
  const [day, year, month, date] = (DAY.exec(text) ?? []) as string[]
  if (day === undefined) {
    const moment = TIME.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN
    return Number.isNaN(moment) ? null : { from: moment, to: moment }
  }
  const from = new Date(Number(year), Number(month) - 1, Number(date))
  // There is no 31st of February.
  if (from.getMonth() !== Number(month) - 1 || from.getDate() !== Number(date)) return null
  const next = new Date(Number(year), Number(month) - 1, Number(date) + 1)
  return { from: from.getTime(), to: next.getTime() - 1 }
}
