import { tenMetrics } from '../../programs/rows.js'
import { HISTOGRAM_VALUES, type Work } from '../peer.js'

export type Values = { readonly [name: string]: number }

const KEPT = 64

/** What a tracker is given, beside the step. */
export function valuesOf(work: Work): (value: number) => Values {
  if (work === 'one') return (value) => ({ 'train/loss': value })
  if (work === 'ten') return tenMetrics
  const rows = hundreds()
  return (value) => rows[value & (KEPT - 1)]!
}

/** What a plain logger is given: one literal, with the step in it. */
export function rowsOf(work: Work): (value: number, step: number) => Values {
  if (work === 'one') return (value, step) => ({ step, 'train/loss': value })
  if (work === 'ten') return tenWithStep
  const rows = hundreds()
  return (value, step) => {
    const row = rows[value & (KEPT - 1)]!
    row.step = step
    return row
  }
}

/**
 * Made beforehand: a hundred values are not a literal in anybody's loop, and how its caller makes the row is not what
 * is compared.
 */
function hundreds(): { [name: string]: number }[] {
  return Array.from({ length: KEPT }, (_, kept) => {
    const row: { [name: string]: number } = {}
    for (let layer = 0; layer < 100; layer++) row[`layers/${layer}/grad-norm`] = Math.sin(kept * 100 + layer)
    return row
  })
}

const tenWithStep = (value: number, step: number): Values => ({
  step,
  'train/loss': value,
  'train/accuracy': value + 0.1,
  'train/perplexity': value + 0.2,
  'train/grad-norm': value + 0.3,
  'train/learning-rate': value + 0.4,
  'val/loss': value + 0.5,
  'val/accuracy': value + 0.6,
  'val/perplexity': value + 0.7,
  'time/step': value + 0.8,
  'time/data': value + 0.9,
})

export const weights = (): Float32Array =>
  Float32Array.from({ length: HISTOGRAM_VALUES }, (_, i) => Math.sin(i) * Math.sqrt(i))

/** In every row of this work, and in nothing else that a peer writes. */
export const KEY_OF: { readonly [work in Work]: string } = {
  one: 'train/loss',
  ten: 'train/loss',
  hundred: 'layers/0/grad-norm',
  histogram: 'weights',
}
