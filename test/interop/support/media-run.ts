import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CustomScalarsValue, MeshValue, PrCurveValue } from '../../../src/record/media.js'
import { type FinishedRun, runProgram } from './pipeline-run.js'

export interface MediaRun extends FinishedRun {
  /** What was logged, of what is known before: see media-run.mjs. */
  readonly inputs: {
    readonly image: string
    readonly histogram: { readonly edges: number[]; readonly counts: number[] }
    readonly prCurve: PrCurveValue
    readonly mesh: Required<Pick<MeshValue, 'vertices' | 'faces' | 'colors'>>
    readonly layout: CustomScalarsValue
    readonly steps: number
  }
}

/** A run with every kind of media in a directory of its own, which is the caller's to remove. */
export function mediaRun(): MediaRun & { readonly directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'offstep-media-'))
  return { ...runProgram<MediaRun>('media-run.mjs', directory), directory }
}

/** The values of a name in metrics.jsonl, in order: what the run itself says of them. */
export function loggedValues<Value>(runDir: string, name: string): { step: number; value: Value }[] {
  return readFileSync(join(runDir, 'metrics.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((line) => name in line)
    .map((line) => ({ step: line.step, value: line[name] }))
}

/** The one file below a directory of the run's `media/`. */
export function mediaFile(runDir: string, directory: string): Buffer {
  const [name] = readdirSync(join(runDir, 'media', directory))
  return readFileSync(join(runDir, 'media', directory, name!))
}
