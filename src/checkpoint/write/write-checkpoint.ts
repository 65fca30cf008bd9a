import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory } from '../../media/store.js'
import { diskSpace } from '../../store/disk-space.js'
import { CheckpointError, sentenceOf, withSentence } from '../errors.js'
import { updateLinks } from '../links.js'
import { infoOf, MANIFEST, type Manifest, manifestText } from '../manifest.js'
import { CHECKPOINTS, leftoverName, stepName } from '../names.js'
import { type BestRule, rankByBest } from '../ranking.js'
import { listEntries, type OnProblem } from '../registry.js'
import type { CheckpointRequest } from '../request.js'
import { ruleOf } from '../retention.js'
import type { CheckpointCompression, CheckpointFile, CheckpointInfo, CheckpointRetention } from '../types.js'
import { type Contents, contentsOf } from './contents.js'
import { syncDirectories, writeFiles } from './files.js'
import { writeBytes } from './output.js'
import { prune } from './prune.js'
import { publish } from './publish.js'
import { inProgress, sweep } from './sweep.js'

export interface SaveOptions {
  readonly runDir: string
  readonly request: CheckpointRequest
  readonly retention: CheckpointRetention
  readonly compression: CheckpointCompression
  /** The save must leave so much of the disk free. Default 0. */
  readonly minFreeBytes?: number
}

export interface SavedCheckpoint {
  readonly info: CheckpointInfo
  /** Steps of the checkpoints that the retention has deleted; the saved one may be among them. */
  readonly removed: readonly number[]
  /** What did not work beside the save itself, a sentence each: links, deletions, other checkpoints that are damaged. */
  readonly problems: readonly string[]
}

/**
 * Writes `checkpoints/step_<n>/` of a run directory: its files, then `checkpoint.json`, under a temporary name; all of it
 * is synced, then gets its name. Then links, retention and registry follow. A crash of the process, or a power cut, at any
 * point leaves the checkpoint whole or not there; a checkpoint of the same step is there until this one is. Many threads
 * and processes may save at the same time, in any order of steps.
 *
 * The checkpoint is on the disk when this resolves. Rejects with a CheckpointError, and the checkpoints are then as they
 * were. Blocks its thread while it writes; compression uses one of libuv's threads.
 */
export async function writeCheckpoint(options: SaveOptions): Promise<SavedCheckpoint> {
  const { runDir, request, compression } = options
  const problems = new Set<string>()
  const onProblem: OnProblem = (sentence) => problems.add(sentence)
  checkNumbers(request)
  const what = `The checkpoint of step ${request.step} cannot be saved`
  try {
    const contents = contentsOf(request.content, compression)
    makeDirectory(runDir, CHECKPOINTS)
    const directory = join(runDir, CHECKPOINTS)
    sweep(directory, onProblem)
    requireRoom(directory, contents.bytes, options)
    const manifest = await writeDirectory(directory, { ...options, contents, onProblem })
    const removed = settle(directory, { ...options, onProblem })
    return { info: infoOf(manifest), removed, problems: [...problems] }
  } catch (error) {
    throw withSentence(error, what)
  }
}

function checkNumbers({ step, metrics }: CheckpointRequest): void {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new CheckpointError(`A checkpoint cannot have the step ${step}: give a whole number from 0 up`)
  }
  for (const [name, value] of Object.entries(metrics)) {
    if (typeof value === 'number') continue
    throw new CheckpointError(
      `The metric ${JSON.stringify(name)} of a checkpoint is no number: give a number`,
    )
  }
}

function requireRoom(directory: string, bytes: number, { request, minFreeBytes = 0 }: SaveOptions): void {
  const free = diskSpace(directory)?.freeBytes
  if (free === undefined || free >= bytes + minFreeBytes) return
  const needs = `needs ${bytes} bytes, ${minFreeBytes} are to stay free, and the disk of ${directory} has ${free}`
  const fix = 'free some space, or keep fewer checkpoints'
  throw new CheckpointError(`The checkpoint of step ${request.step} ${needs}: ${fix}`, { retryable: true })
}

interface Work extends SaveOptions {
  readonly contents: Contents
  readonly onProblem: OnProblem
}

async function writeDirectory(directory: string, work: Work): Promise<Manifest> {
  const { step } = work.request
  const name = leftoverName(step, 'tmp')
  const temporary = join(directory, name)
  inProgress.add(name)
  try {
    mkdirSync(temporary)
    const files = await writeFiles(temporary, work.contents, work.compression)
    const manifest = manifestOf(directory, work, files)
    writeBytes(join(temporary, MANIFEST), Buffer.from(manifestText(manifest)))
    syncDirectories(temporary, files)
    publish(directory, temporary, step)
    return manifest
  } finally {
    // Not there any more where all went well.
    removeQuietly(temporary)
    inProgress.delete(name)
  }
}

function manifestOf(
  directory: string,
  { request, retention, compression, onProblem }: Work,
  files: readonly CheckpointFile[],
): Manifest {
  const { content: _content, isBest, ...about } = request
  const bestBy = ruleOf(retention)
  const manifest = {
    ...about,
    isBest: isBest === true,
    bestBy,
    compression,
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    path: join(directory, stepName(request.step)),
  }
  return isBest === null
    ? { ...manifest, isBest: isBestSoFar(manifest, bestBy, { directory, onProblem }) }
    : manifest
}

function isBestSoFar(
  manifest: Manifest,
  rule: BestRule | null,
  { directory, onProblem }: { directory: string; onProblem: OnProblem },
): boolean {
  const others = listEntries(directory, onProblem).filter(({ step }) => step !== manifest.step)
  return rankByBest([...others, manifest], rule)[0] === manifest
}

/** The checkpoint is safe by now: nothing that fails here makes the save fail. */
function settle(
  directory: string,
  { request, retention, onProblem }: Omit<Work, 'contents'>,
): readonly number[] {
  let removed: readonly number[] = []
  for (const action of [
    () => {
      removed = prune(directory, { retention, justWritten: request.step, onProblem })
    },
    () => updateLinks(directory, ruleOf(retention), onProblem),
  ]) {
    try {
      action()
    } catch (error) {
      onProblem(
        sentenceOf(withSentence(error, `Links and old checkpoints in ${directory} are not up to date`)),
      )
    }
  }
  return removed
}

/** The error that made us give up is the one to report. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // The next save removes it.
  }
}
