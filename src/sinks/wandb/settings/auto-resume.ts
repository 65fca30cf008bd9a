/**
 * `resume: 'auto'`, as W&B's own clients have it: a run that did not complete leaves its id in `wandb-resume.json`, and
 * the next run that begins in the same directory goes on with it. The file is theirs too, so either can go on with a
 * run of the other.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import * as v from 'valibot'
import { writeFileAtomic } from '../../../store/atomic-file.js'
import type { SinkContext } from '../../sink.js'
import { checkedRunId } from './run-id.js'
import type { WandbSettings } from './settings.js'

const NAME = 'wandb-resume.json'
const content = v.object({ run_id: v.pipe(v.string(), v.nonEmpty()) })

type Context = Pick<SinkContext, 'runDir' | 'live' | 'warn'>

/**
 * The settings with the id to go on with, which is fixed for the run when it is asked for first: later there may be
 * another run's in the file. Blocks.
 */
export function autoResumed(settings: WandbSettings, context: Context): WandbSettings {
  if (settings.resume !== 'auto' || settings.mode === 'disabled') return settings
  const fixed = join(context.runDir, 'wandb', NAME)
  let runId = readId(fixed)
  if (runId === undefined) {
    runId = chosenId(settings, readId(fileOf(settings)), context)
    writeId(fixed, runId)
    if (context.live) writeId(fileOf(settings), runId)
  }
  return { ...settings, runId, runIdGiven: settings.runIdGiven || runId !== settings.runId }
}

/** A run that has completed is none to go on with. Blocks. */
export function forgetAutoResume(settings: WandbSettings): void {
  if (settings.resume !== 'auto') return
  const file = fileOf(settings)
  if (readId(file) === settings.runId) rmSync(file, { force: true })
}

function chosenId(
  { runId, runIdGiven }: WandbSettings,
  earlier: string | undefined,
  { warn }: Context,
): string {
  if (earlier === undefined || earlier === runId) return runId
  if (!runIdGiven) return checkedRunId(earlier)
  warn(
    'auto-resume',
    `resume is "auto", but the id is given: "${runId}" is used, and "${earlier}" is not resumed`,
  )
  return runId
}

/** W&B's clients take `.wandb` where it is there. */
function fileOf({ dir }: WandbSettings): string {
  const root = resolve(dir ?? '.')
  const hidden = join(root, '.wandb')
  return join(existsSync(hidden) ? hidden : join(root, 'wandb'), NAME)
}

function readId(file: string): string | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const result = v.safeParse(content, JSON.parse(text))
    return result.success ? result.output.run_id : undefined
  } catch {
    // Torn, or somebody else's: then it names no run.
    return undefined
  }
}

function writeId(file: string, runId: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileAtomic(file, `${JSON.stringify({ run_id: runId })}\n`, { sync: true })
}
