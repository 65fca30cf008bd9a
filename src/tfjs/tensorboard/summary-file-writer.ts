import { resolve } from 'node:path'
import { SummaryFileWriter } from './writer.js'

/** One writer per directory: two would hide each other's points. */
const writers = new Map<string, SummaryFileWriter>()

const HOW_TO_END = 'Call `await writer.drain()` before the process ends, and see that the disk takes them.'

/**
 * A drop-in for `tf.node.summaryFileWriter()`: the same arguments, files and events, without libtensorflow. A
 * second call with the same directory returns the same writer, whatever its other arguments.
 *
 * @param logdir Directory of the event file; made if need be.
 * @param maxQueue Events that are kept in memory; one more writes them all.
 * @param flushMillis Milliseconds after which fewer events are written too.
 * @param filenameSuffix End of the event file's name.
 * @throws Error for a wrong argument; a disk that fails does not throw.
 */
export function summaryFileWriter(
  logdir: string,
  maxQueue = 10,
  flushMillis = 120_000,
  filenameSuffix = '.v2',
): SummaryFileWriter {
  if (typeof logdir !== 'string' || logdir.length === 0) {
    throw new Error(`Invalid logdir: ${logdir}. Expected a non-empty string for logdir.`)
  }
  const directory = resolve(logdir)
  const known = writers.get(directory)
  if (known !== undefined) return known
  assertCount('maxQueue', maxQueue)
  assertCount('flushMillis', flushMillis)
  if (writers.size === 0) installExitHandlers()
  const writer = new SummaryFileWriter({ logdir: directory, maxQueue, flushMillis, filenameSuffix })
  writers.set(directory, writer)
  return writer
}

function assertCount(name: string, value: number): void {
  if (typeof value !== 'number' || !(value >= 0)) {
    throw new Error(`Invalid ${name}: ${value}. Expected a number of 0 or more.`)
  }
}

function installExitHandlers(): void {
  process.on('beforeExit', onBeforeExit)
  process.on('exit', onExit)
}

/** Nothing is left to do: there is time for the device to answer. Comes again when it has. */
function onBeforeExit(): void {
  for (const writer of writers.values()) if (writer.readBack.length > 0) void writer.drain()
}

function onExit(): void {
  for (const [directory, writer] of writers) {
    const lost = writer.end()
    // A process warning would come too late now.
    if (lost > 0) console.error(`offstep: ${lost} events of ${directory} are lost. ${HOW_TO_END}`)
  }
}
