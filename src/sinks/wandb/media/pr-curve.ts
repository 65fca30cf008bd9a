import type { PrCurveValue, TableValue } from '../../../record/media.js'

/** A curve as a table, which W&B draws as one likes: a row per threshold. */
export function prCurveTable(curve: PrCurveValue): TableValue {
  const columns = {
    precision: curve.precision,
    recall: curve.recall,
    tp: curve.truePositives,
    fp: curve.falsePositives,
    tn: curve.trueNegatives,
    fn: curve.falseNegatives,
  }
  const last = curve.precision.length - 1
  return {
    columns: ['threshold', ...Object.keys(columns)],
    rows: curve.precision.map((_, index) => [
      last === 0 ? 0 : index / last,
      ...Object.values(columns).map((column) => column[index]!),
    ]),
  }
}
