import { ArtifactError } from '../../artifact/errors.js'
import type { StoredArtifact } from '../../artifact/read.js'
import { previousEnd, wentOnFrom } from '../../store/runs/resumes.js'
import { type CheckedCheckpoint, readCheckpoints } from '../../store/runs/run-checkpoints.js'
import type { StoredRun } from '../../store/runs/stored-run.js'
import { bytesText } from '../../text/bytes.js'
import { countText, plural, printable } from '../../text/text.js'
import { numberText, timeText } from '../../text/values.js'
import type { Output } from '../output.js'
import type { Column, Row } from '../table.js'
import { TWO, table } from './indented.js'

const MAX_ARTIFACTS = 20
const MAX_RESUMES = 20
const ARTIFACT: readonly Column[] = [{ title: '', minWidth: 16 }, { title: '' }, { title: '', minWidth: 12 }]

/** How many checkpoints a run has, the newest and the best one, and how many are damaged. */
export function checkpointLines(run: StoredRun, output: Output): string[] {
  const { checkpoints, latest, best, bestBy, bytes, superseded, unreadable } = readCheckpoints(run, 'size')
  const { out } = output
  if (checkpoints.length + unreadable.length + superseded === 0) return []
  const damaged = checkpoints.filter(({ problems }) => problems.length > 0).length + unreadable.length
  const aside = superseded === 0 ? '' : `, ${countText(superseded)} set aside`
  const value =
    bestBy === null ? '' : `, ${printable(bestBy.metric)} ${numberText(best!.metrics[bestBy.metric]!)}`
  const advice = `offstep checkpoints ${printable(run.id)} tells which`
  const rows: Row[] = [
    ['count', `${countText(checkpoints.length)}, ${bytesText(bytes)}${aside}`],
    ...(latest === null ? [] : [['latest', `step ${countText(latest.step)}, ${timeText(latest.time)}`]]),
    ...(best === null ? [] : [['best', `step ${countText(best.step)}${value}`]]),
    ...(damaged === 0 ? [] : [['damaged', { text: `${countText(damaged)}: ${advice}`, color: out.red }]]),
  ]
  return table(
    TWO,
    rows.map(([name, ...cells]) => [{ text: String(name), color: out.dim }, ...cells]),
    output,
  )
}

/** Of each artifact its newest version. */
export function artifactLines(run: StoredRun, output: Output): string[] {
  const artifacts = readArtifacts(run)
  if (typeof artifacts === 'string') {
    return table(
      [{ title: '', minWidth: 20 }],
      [[{ text: printable(artifacts), color: output.out.red }]],
      output,
    )
  }
  const rows = artifacts.slice(0, MAX_ARTIFACTS).map(({ name, versions }): Row => {
    const { version, aliases, bytes, entries } = versions.at(-1)!
    const size = `${plural(entries.length, 'file')}, ${bytesText(bytes)}`
    return [printable(`${name}:v${version}`), size, printable(aliases.join(', '))]
  })
  return [
    ...table(ARTIFACT, rows, output),
    ...moreLine(artifacts.length - rows.length, 'more artifact', output),
  ]
}

/** What is wrong with them where they cannot be listed: all else of the run can still be shown. */
function readArtifacts(run: StoredRun): StoredArtifact[] | string {
  try {
    return run.artifacts()
  } catch (error) {
    if (error instanceof ArtifactError) return error.message
    throw error
  } finally {
    run.close()
  }
}

/** The same for programs. */
export function contentJson(run: StoredRun): { readonly [name: string]: unknown } {
  const { checkpoints, latest, best, bestBy, bytes, superseded, unreadable } = readCheckpoints(run, 'size')
  const artifacts = readArtifacts(run)
  const one = (checkpoint: CheckedCheckpoint | null): unknown =>
    checkpoint && { step: checkpoint.step, metrics: checkpoint.metrics, path: checkpoint.path }
  const damaged = [...checkpoints.flatMap(({ problems }) => problems), ...unreadable]
  const count = checkpoints.length
  return {
    checkpoints: { count, bytes, latest: one(latest), best: one(best), bestBy, superseded, damaged },
    artifacts:
      typeof artifacts === 'string'
        ? null
        : artifacts.map(({ name, versions, aliases }) => {
            return { name, versions: versions.length, aliases: Object.fromEntries(aliases) }
          }),
    resumes: run.resumes,
  }
}

/** When other processes went on with the run, from where, and how the one before had ended. The newest ones. */
export function resumeLines({ resumes }: StoredRun, output: Output): string[] {
  const shown = resumes.slice(-MAX_RESUMES)
  const rows = shown.map((resume): Row => {
    const after = `${wentOnFrom(resume)}; the process before: ${previousEnd(resume)}`
    return [{ text: timeText(Date.parse(resume.time)), color: output.out.dim }, printable(after)]
  })
  return [...table(TWO, rows, output), ...moreLine(resumes.length - shown.length, 'earlier resume', output)]
}

const moreLine = (left: number, noun: string, { out }: Output): string[] =>
  left <= 0 ? [] : [out.dim(`  and ${plural(left, noun)}`)]
