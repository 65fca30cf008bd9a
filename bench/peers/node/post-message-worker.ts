import fs from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

const fd = fs.openSync((workerData as { file: string }).file, 'w')

parentPort!.on('message', (row: object | 'flush' | 'close') => {
  if (typeof row === 'object') {
    fs.writeSync(fd, `${JSON.stringify(row)}\n`)
    return
  }
  if (row === 'close') {
    fs.fsyncSync(fd)
    fs.closeSync(fd)
    parentPort!.unref()
  }
  parentPort!.postMessage(row)
})
