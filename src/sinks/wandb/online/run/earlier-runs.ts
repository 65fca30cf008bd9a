/**
 * Runs of offstep that go on with one run of W&B. The lines of a later one come behind those of an earlier one, and can
 * only be numbered when these are there: after a crash it waits until the earlier one has been recovered.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import * as v from 'valibot'
import { writeFileAtomic } from '../../../../store/atomic-file.js'
import { SinkError } from '../../../errors.js'
import type { WandbSettings } from '../../settings/settings.js'

const RETRY_MS = 1000

const mark = v.object({ baseUrl: v.string(), project: v.string(), runId: v.string(), ended: v.boolean() })

type Settings = Pick<WandbSettings, 'baseUrl' | 'project' | 'runId'>

const fileOf = (runDir: string): string => join(runDir, 'wandb', 'delivery.json')

/** Notes in the run directory to which run of W&B its lines go, and whether all are there. Blocks. */
export function markDelivery(
  runDir: string,
  { baseUrl, project, runId }: Settings,
  { ended }: { readonly ended: boolean },
): void {
  mkdirSync(dirname(fileOf(runDir)), { recursive: true })
  const text = `${JSON.stringify({ baseUrl, project, runId, ended })}\n`
  writeFileAtomic(fileOf(runDir), text, { sync: true })
}

/** True where something of the run in this directory may be at W&B. Blocks. */
export const isMarked = (runDir: string): boolean => existsSync(fileOf(runDir))

/** Nothing of it is there. Blocks. */
export const unmarkDelivery = (runDir: string): void => rmSync(fileOf(runDir), { force: true })

/** Throws a `retry` SinkError where another run beside this one has lines to come for the same run of W&B. Blocks. */
export function waitForEarlierRuns(runDir: string, { baseUrl, project, runId }: Settings): void {
  const directory = dirname(runDir)
  for (const name of readdirSync(directory)) {
    if (name === basename(runDir)) continue
    const other = readMark(join(directory, name))
    if (other === null || other.ended || other.runId !== runId) continue
    if (other.baseUrl !== baseUrl || other.project !== project) continue
    const why = `rows of the earlier run "${name}" are to be there first`
    const message = `W&B's run "${runId}" is gone on with later: ${why}; \`offstep sync\` sends them, if nobody does`
    throw new SinkError('retry', 'WANDB_EARLIER_RUN', message, { retryAfterMs: RETRY_MS })
  }
}

function readMark(runDir: string): v.InferOutput<typeof mark> | null {
  try {
    const result = v.safeParse(mark, JSON.parse(readFileSync(fileOf(runDir), 'utf8')))
    return result.success ? result.output : null
  } catch {
    // No run of W&B, nothing that we can read, or torn by a power cut: then nothing is known of it.
    return null
  }
}
