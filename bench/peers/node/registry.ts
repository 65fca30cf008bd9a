import { appendFileSync, csvStream, writeSync } from './by-hand.js'
import { none } from './none.js'
import { journalOnly, offstep } from './offstep.js'
import type { Peer } from './open-peer.js'
import { pinoAsync, pinoSync, pinoTransport } from './pino.js'
import { postMessage } from './post-message.js'
import { tfjsNode } from './tfjs-node.js'
import { threadStream } from './thread-stream.js'
import { wandbSdk } from './wandb-sdk.js'

/** In the order in which they are reported. */
export const PEERS: readonly Peer[] = [
  offstep,
  journalOnly,
  pinoSync,
  pinoAsync,
  pinoTransport,
  threadStream,
  postMessage,
  writeSync,
  appendFileSync,
  csvStream,
  wandbSdk,
  tfjsNode,
]

export const NONE = none

export const peerNamed = (name: string): Peer => [NONE, ...PEERS].find((peer) => peer.name === name)!
