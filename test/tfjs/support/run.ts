import * as core from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import '@tensorflow/tfjs-backend-cpu'
import { onTestFinished } from 'vitest'
import { init, type Run } from '../../../dist/src/index.js'
import { temporaryDirectory } from '../../support/directory.js'
import { type FoundRow, journalRows } from '../../support/run-files.js'

/** Core and layers as one, as `import * as tf from '@tensorflow/tfjs'` gives them. */
export const tf = { ...core, ...layers }

export function startRun(): Run {
  const run = init({ dir: temporaryDirectory(), sinks: ['jsonl'] })
  onTestFinished(async () => void (await run.finish()))
  return run
}

/** Ends the run, and reads its rows of numbers. */
export async function rowsOf(run: Run): Promise<FoundRow[]> {
  await run.finish()
  return journalRows(run.dir).filter(({ values }) => Object.keys(values).length > 0)
}

/** The values of rows that hold `name`, one after the other. */
export const valuesOf = (rows: readonly FoundRow[], name: string): number[] =>
  rows.flatMap(({ values }) => (values[name] === undefined ? [] : [values[name]]))

export const stepsOf = (rows: readonly FoundRow[], name: string): number[] =>
  rows.flatMap(({ step, values }) => (values[name] === undefined ? [] : [step]))

/** OffstepWarnings from here to the end of the test. */
export function warningsSoFar(): string[] {
  const messages: string[] = []
  const note = (warning: Error) => {
    if (warning.name === 'OffstepWarning') messages.push(warning.message)
  }
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  return messages
}
