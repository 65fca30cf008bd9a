import fs from 'node:fs'
import path from 'node:path'
import { ALL, type Peer, turn } from './open-peer.js'
import { valuesOf, weights } from './rows.js'
import { versionOf } from './version-of.js'

const NAME: string = '@tensorflow/tfjs-node'
const SCALARS_OF_ROW = { one: 1, ten: 10, hundred: 100, histogram: 1 } as const

interface Writer {
  scalar(name: string, value: number, step: number): void
  histogram(name: string, values: Float32Array, step: number): void
  flush(): void
}
interface TfjsNode {
  readonly node: { summaryFileWriter(dir: string): Writer }
}

/** Its summary writer, which calls libtensorflow: a scalar a call. */
export const tfjsNode: Peer = {
  name: 'tfjs-node summary writer',
  works: ALL,
  async missing() {
    try {
      await import(NAME)
      return null
    } catch (error) {
      const { code } = error as { code?: string }
      return `${NAME} cannot be imported (${code ?? 'its binary does not load'}): npm fetches its binary from elsewhere`
    }
  },
  version: () => versionOf(NAME),
  async open(dir, work) {
    const { node } = (await import(NAME)) as TfjsNode
    const writer = node.summaryFileWriter(dir)
    const row = valuesOf(work)
    const values = weights()
    const flush = async (): Promise<void> => {
      writer.flush()
      await turn()
    }
    return {
      log(value, step) {
        if (work === 'histogram') writer.histogram('weights', values, step)
        else for (const [name, scalar] of Object.entries(row(value))) writer.scalar(name, scalar, step)
      },
      flush,
      close: flush,
    }
  },
  async arrived(dir, work) {
    const { readRecords } = await import('../../../src/import/tensorboard/tfrecords.js')
    const { LeftOut } = await import('../../../src/import/types.js')
    let records = 0
    for (const file of fs.readdirSync(dir)) {
      // The first record of a file names its version.
      records--
      for (const _record of readRecords(path.join(dir, file), new LeftOut())) records++
    }
    return records / SCALARS_OF_ROW[work]
  },
}
