import fs from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { commitCursor, readCursor } from '../../src/delivery/cursor.js'
import type { SinkState } from '../../src/sinks/sink.js'
import { bootId } from '../../src/store/boot-id.js'
import { SINK_NAMES } from '../support/pipeline.js'
import { Case, logRound, runWorkload } from '../support/pipeline-workload.js'

const FILES = [
  ['jsonl', 'metrics.jsonl'],
  ['csv', 'metrics.csv'],
  ['csv', 'metrics-overflow.csv'],
  ['tensorboard', 'tensorboard/ first'],
  ['tensorboard', 'tensorboard/ last'],
  ['tensorboard', 'tensorboard/worker-1/ first'],
] as const

/** What a power cut may make of bytes that were not fsynced; the length stays. */
const DAMAGES: { readonly [what: string]: (bytes: Buffer) => Buffer } = {
  'a flipped bit': (bytes) => overwrite(bytes, bytes[40]! ^ 1, 40, 41),
  'zeros in place of its last 512 bytes': (bytes) => overwrite(bytes, 0, bytes.length - 512, bytes.length),
  'garbage in place of a sector': (bytes) => overwrite(bytes, 0xff, Math.min(512, bytes.length >> 1), 1024),
}

const overwrite = (bytes: Buffer, value: number, from: number, to: number): Buffer =>
  Buffer.from(bytes).fill(value, Math.max(0, from), Math.min(bytes.length, to))

/** A run that is complete. */
async function completeRun(): Promise<Case> {
  const run = new Case()
  onTestFinished(() => run.remove())
  await runWorkload(run.pipeline)
  run.assertComplete()
  return run
}

/** As if the cursors were written before the machine was last started. */
function restartMachine(run: Case, change: (state: SinkState) => SinkState = (state) => state): void {
  for (const name of SINK_NAMES) {
    const cursor = readCursor(run.pipeline.runDir, name)
    commitCursor(run.pipeline.runDir, { ...cursor, state: change(cursor.state!), boot: 'an earlier boot' })
  }
}

async function recoverAnew(run: Case): Promise<void> {
  run.pipeline.restart(false)
  await run.recover()
}

function pathOf(run: Case, file: string): string {
  const [directory, which] = file.split(' ')
  const path = join(run.pipeline.runDir, directory!)
  if (which === undefined) return path
  const names = fs
    .readdirSync(path)
    .filter((name) => name.includes('tfevents'))
    .sort()
  expect(names.length).toBeGreaterThan(1)
  return join(path, (which === 'first' ? names[0] : names.at(-1))!)
}

for (const [what, damage] of Object.entries(DAMAGES)) {
  test.each(FILES)(
    `after a restart of the machine, %s finds ${what} in %s and writes it again`,
    async (_, file) => {
      const run = await completeRun()
      const path = pathOf(run, file)
      const bytes = damage(fs.readFileSync(path))
      expect(bytes.equals(fs.readFileSync(path))).toBe(false)
      fs.writeFileSync(path, bytes)
      restartMachine(run)
      await recoverAnew(run)
      run.assertComplete()
    },
  )
}

test.each(FILES)('%s finds that %s was cut, whatever the machine did', async (_, file) => {
  const run = await completeRun()
  const path = pathOf(run, file)
  fs.truncateSync(path, fs.statSync(path).size - 1)
  await recoverAnew(run)
  run.assertComplete()
})

test.each(FILES)('%s finds that %s was removed, whatever the machine did', async (_, file) => {
  const run = await completeRun()
  fs.rmSync(pathOf(run, file))
  await recoverAnew(run)
  run.assertComplete()
})

test('files that a restart of the machine left whole are not written again', async () => {
  const run = await completeRun()
  const files = () =>
    FILES.map(([, file]) => [pathOf(run, file), fs.statSync(pathOf(run, file), { bigint: true }).mtimeNs])
  const before = files()
  restartMachine(run)
  await recoverAnew(run)
  expect(files()).toEqual(before)
  run.assertComplete()
})

/** The state of an older version. */
const withoutChecksums = ({ crc: _, overflowCrc: __, directories, ...state }: SinkState): SinkState => ({
  ...state,
  ...(directories === undefined
    ? {}
    : {
        directories: (directories as Record<string, unknown>[]).map(
          ({ crc: _, earlier: __, ...rest }) => rest,
        ),
      }),
})

test('a state without checksums, of an older version, is not trusted after a restart of the machine', async () => {
  const run = await completeRun()
  for (const [, file] of FILES) {
    const path = pathOf(run, file)
    fs.writeFileSync(path, DAMAGES['a flipped bit']!(fs.readFileSync(path)))
  }
  restartMachine(run, withoutChecksums)
  await recoverAnew(run)
  run.assertComplete()
})

test('a state without checksums is gone on with on the same boot, and has them from then on', async () => {
  const run = await completeRun()
  for (const name of SINK_NAMES) {
    const cursor = readCursor(run.pipeline.runDir, name)
    commitCursor(run.pipeline.runDir, { ...cursor, state: withoutChecksums(cursor.state!) })
  }
  const first = pathOf(run, 'tensorboard/ first')
  run.pipeline.restart(false)
  logRound(run.pipeline, 20)
  await run.recover()
  run.assertComplete()
  expect(pathOf(run, 'tensorboard/ first')).toBe(first)
  restartMachine(run)
  const path = pathOf(run, 'metrics.jsonl')
  fs.writeFileSync(path, DAMAGES['a flipped bit']!(fs.readFileSync(path)))
  await recoverAnew(run)
  run.assertComplete()
})

test('a cursor says of which boot it is', async () => {
  const run = await completeRun()
  for (const name of SINK_NAMES) expect(run.pipeline.cursor(name).boot).toBe(bootId())
})

test('a cursor with any byte changed is not used: the sink begins again', async () => {
  const run = await completeRun()
  const path = join(run.pipeline.runDir, 'cursors', 'summary.json')
  const text = fs.readFileSync(path)
  for (let at = 0; at < text.length; at++) {
    const damaged = Buffer.from(text)
    damaged[at]! ^= 1 << (at % 8)
    fs.writeFileSync(path, damaged)
    if (
      readCursor(run.pipeline.runDir, 'summary').place.position !==
      run.pipeline.cursor('jsonl').place.position
    )
      continue
    expect.fail(`byte ${at}: ${damaged.subarray(at - 20, at + 20)}`)
  }
})

test('a cursor without a checksum, of an older version, is used', async () => {
  const run = await completeRun()
  const path = join(run.pipeline.runDir, 'cursors', 'jsonl.json')
  const cursor = run.pipeline.cursor('jsonl')
  const { crc32: _, boot: __, ...old } = JSON.parse(fs.readFileSync(path, 'utf8'))
  fs.writeFileSync(path, JSON.stringify(old))
  expect({ ...run.pipeline.cursor('jsonl'), boot: bootId() }).toEqual(cursor)
})
