import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EventLog } from '../../src/tfjs/tensorboard/event-log.js'
import { scalarEvent } from '../../src/tfjs/tensorboard/events.js'
import { summaryFileWriter } from '../../src/tfjs/tensorboard/index.js'
import { Warnings } from '../../src/tfjs/tensorboard/warnings.js'
import { CAN_MOUNT, smallDisk, temporaryDirectory } from '../support/directory.js'
import { eventFiles } from '../unit/support/event-files.js'
import { warningsSoFar } from './support/run.js'
import { eventsIn, tagsIn, valuesIn } from './support/tensorboard-files.js'

const turn = () => new Promise(setImmediate)

test('a directory that cannot be made keeps the events in memory, and the next flush() writes them', async () => {
  const warnings = warningsSoFar()
  const blocked = join(temporaryDirectory(), 'file')
  writeFileSync(blocked, '')
  const logdir = join(blocked, 'train')
  const writer = summaryFileWriter(logdir, 1)
  for (let step = 0; step < 5; step++) writer.scalar('a', step, step)
  writer.flush()
  await turn()
  expect(writer.status()).toMatchObject({ written: 0, waiting: 5 })
  expect(writer.status().warnings['write-failed']).toBeGreaterThan(1)
  expect(warnings).toEqual([expect.stringContaining('kept in memory until they can')])
  rmSync(blocked)
  writer.flush()
  expect(valuesIn(logdir, 'a')).toEqual([0, 1, 2, 3, 4])
  expect(writer.status()).toMatchObject({ written: 5, waiting: 0 })
})

test.skipIf(!CAN_MOUNT)('a full disk tears no record, and takes all events once there is room', () => {
  const { path } = smallDisk('1m')
  const logdir = join(path, 'logs')
  const writer = summaryFileWriter(logdir, 0)
  const filler = join(path, 'filler')
  fill(filler)
  const steps = Array.from({ length: 2000 }, (_, step) => step)
  for (const step of steps) writer.scalar('a', step, step)
  const { written, waiting } = writer.status()
  expect(written + waiting).toBe(steps.length)
  expect(waiting).toBeGreaterThan(0)
  // Throws where a record is torn.
  expect(tagsIn(logdir)).toHaveLength(written)
  rmSync(filler)
  writer.flush()
  expect(writer.status()).toMatchObject({ written: 2000, waiting: 0 })
  expect(valuesIn(logdir, 'a')).toEqual(steps)
})

test('what does not fit into memory is lost, counted and warned of', async () => {
  const warned = warningsSoFar()
  const blocked = join(temporaryDirectory(), 'file')
  writeFileSync(blocked, '')
  const warnings = new Warnings('logs')
  const log = new EventLog(join(blocked, 'train'), '', warnings, 100)
  for (let step = 0; step < 5; step++) {
    log.add(scalarEvent(0, step, 'a', step))
    log.flush()
  }
  await turn()
  const lost = warnings.counts['event-lost']!
  expect(lost).toBeGreaterThan(0)
  expect(log.unwritten).toBe(5 - lost)
  expect(warned).toContainEqual(expect.stringContaining('Events are lost'))
})

test.each([
  ['removed', (logdir: string) => rmSync(logdir, { recursive: true })],
  ['cut', (logdir: string) => truncateSync(join(logdir, eventFiles(logdir).at(-1)!), 7)],
])('when its file is %s, the writer goes on in a new one, also where it had closed it', async (_, harm) => {
  const logdir = temporaryDirectory()
  mkdirSync(logdir, { recursive: true })
  const writer = summaryFileWriter(logdir)
  writer.scalar('a', 1, 1)
  writer.flush()
  const before = eventFiles(logdir)[0]!
  harm(logdir)
  writer.scalar('a', 2, 2)
  writer.flush()
  await writer.drain()
  harm(logdir)
  writer.scalar('a', 3, 3)
  writer.flush()
  const newest = eventFiles(logdir).at(-1)!
  expect(newest > before).toBe(true)
  expect(statSync(join(logdir, newest)).size).toBeGreaterThan(0)
  for (const name of eventFiles(logdir)) if (name !== newest) rmSync(join(logdir, name))
  expect(eventsIn(logdir).map(({ fileVersion, value }) => fileVersion ?? value)).toEqual(['brain.Event:2', 3])
})

/** Takes all the room that a disk has, but for the last few thousand bytes. */
function fill(path: string): void {
  const block = Buffer.alloc(4096)
  try {
    for (;;) writeFileSync(path, block, { flag: 'a' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
  truncateSync(path, readFileSync(path).length - 2 * block.length)
}
