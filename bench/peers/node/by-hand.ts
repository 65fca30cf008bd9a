/** What people write by hand, without a time in the row. All of it is on the disk when it closes, as with the others. */
import { once } from 'node:events'
import fs from 'node:fs'
import { csvLines, jsonLines, logFile } from './files.js'
import { type Peer, SCALARS } from './open-peer.js'
import { KEY_OF, rowsOf } from './rows.js'
import { nodeVersion } from './version-of.js'

const nothingWaits = async (): Promise<void> => {}

export const writeSync: Peer = {
  name: 'JSON + writeSync',
  works: SCALARS,
  version: nodeVersion,
  async open(dir, work) {
    const fd = fs.openSync(logFile(dir), 'w')
    const row = rowsOf(work)
    return {
      log: (value, step) => fs.writeSync(fd, `${JSON.stringify(row(value, step))}\n`),
      flush: nothingWaits,
      async close() {
        fs.fsyncSync(fd)
        fs.closeSync(fd)
      },
    }
  },
  arrived: (dir, work) => jsonLines(logFile(dir), KEY_OF[work]),
}

export const appendFileSync: Peer = {
  name: 'JSON + appendFileSync',
  works: SCALARS,
  version: nodeVersion,
  async open(dir, work) {
    const file = logFile(dir)
    const row = rowsOf(work)
    return {
      log: (value, step) => fs.appendFileSync(file, `${JSON.stringify(row(value, step))}\n`),
      flush: nothingWaits,
      async close() {
        const fd = fs.openSync(file, 'a')
        fs.fsyncSync(fd)
        fs.closeSync(fd)
      },
    }
  },
  arrived: (dir, work) => jsonLines(logFile(dir), KEY_OF[work]),
}

export const csvStream: Peer = {
  name: 'CSV + write stream',
  works: SCALARS,
  version: nodeVersion,
  async open(dir, work) {
    const stream = fs.createWriteStream(logFile(dir), { flush: true })
    const row = rowsOf(work)
    stream.write(`${Object.keys(row(0, 0)).join(',')}\n`)
    return {
      log: (value, step) => stream.write(`${Object.values(row(value, step)).join(',')}\n`),
      full: () => (stream.writableNeedDrain ? once(stream, 'drain') : null),
      flush: () =>
        new Promise((resolve, reject) => stream.write('', (error) => (error ? reject(error) : resolve()))),
      async close() {
        const closed = once(stream, 'close')
        stream.end()
        await closed
      },
    }
  },
  arrived: (dir) => csvLines(logFile(dir)),
}
