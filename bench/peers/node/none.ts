import { ALL, type Peer } from './open-peer.js'
import { valuesOf } from './rows.js'
import { nodeVersion } from './version-of.js'

let kept: object | null = null

/** No logger: the rows are made, and thrown away. What the others are compared with. */
export const none: Peer = {
  name: 'no logger',
  works: ALL,
  version: nodeVersion,
  async open(_dir, work) {
    const row = valuesOf(work)
    return {
      log(value) {
        kept = row(value)
      },
      flush: async () => {},
      async close() {
        if (kept === null) throw new Error('No row was made')
      },
    }
  },
  arrived: () => 0,
}
