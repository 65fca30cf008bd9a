import type { RowLiteral } from '../../unit/support/batches.js'

const SPECIAL = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  0.1,
  -123456.789,
  1e-45,
  -1e-40,
  1.1754943508222875e-38,
  3.4028234663852886e38,
  1e39,
  -1e300,
  16777217,
]
const MANY = 40

/**
 * Training as readers may find it: steps from below zero, many tags, odd names and values, a metric that is
 * logged rarely and one that lags behind the others, and a second producer with the same tags and steps.
 */
export function trainingRows(firstStep: number, count: number): RowLiteral[] {
  return Array.from({ length: count }, (_, index) => trainingRow(firstStep + index)).flat()
}

function trainingRow(step: number): RowLiteral[] {
  const at = Math.abs(step)
  const rows: RowLiteral[] = [
    { step, metrics: { 'train/loss': Math.exp(-at / 100), special: SPECIAL[at % SPECIAL.length]! } },
    { step: step + 0.5, producer: 1, metrics: { 'train/loss': at * 1.1, 'worker only': -at } },
    { step: step - 1000, metrics: { 'lags behind': at } },
  ]
  if (at % 10 === 0) {
    const many = Array.from({ length: MANY }, (_, layer) => [
      `layers/${layer}/gradient norm`,
      at / (layer + 1),
    ])
    rows.push({
      step,
      metrics: { ...Object.fromEntries(many), 'Verlust/Prüfung 損失 🙂': at, 'a&b=c?d#%25': 1 },
    })
  }
  return rows
}
