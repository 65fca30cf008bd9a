import { setTimeout as sleep } from 'node:timers/promises'
import { type Peer, SCALARS } from './open-peer.js'
import { valuesOf } from './rows.js'
import { versionOf } from './version-of.js'

export const wandbSdk: Peer = {
  name: '@wandb/sdk, online',
  works: SCALARS,
  server: true,
  version: () => versionOf('@wandb/sdk'),
  async open(_dir, work) {
    const { default: wandb } = await import('@wandb/sdk')
    await wandb.init({ project: 'bench' })
    const row = valuesOf(work)
    return {
      // It writes its step and times into the row that it is given.
      log: (value) => wandb.log({ ...row(value) }),
      // It has no flush: promises and messages that wait are taken, and put into its queue.
      flush: () => sleep(10),
      close: () => wandb.finish(),
    }
  },
  arrived: () => 0,
}
