/** A thread that logs with a handle of `growth-producers.ts`: a flood of rows, then bursts. */
import { parentPort, workerData } from 'node:worker_threads'
import { connect, type ProducerHandle } from '../../src/index.js'
import { Gate } from '../growth/gate.js'
import { timeGroups } from '../growth/groups.js'
import { tenMetrics } from './rows.js'

export interface ProducerTask {
  readonly handle: ProducerHandle
  readonly gate: SharedArrayBuffer
  /** Of the flood. */
  readonly rows: number
  readonly bursts: number
  /** Groups of a burst, and calls of a group. */
  readonly groups: number
  readonly perGroup: number
}

const { handle, gate: buffer, rows, bursts, groups, perGroup } = workerData as ProducerTask
const gate = new Gate(buffer)
const logger = connect(handle)
const log = (row: number) => logger.log(tenMetrics(row * 0.1), row)
const ns: number[] = []
let round = 1

timeGroups(log, 0, Math.ceil(20_000 / perGroup), perGroup, [])
gate.arrive()
gate.enter(++round)
for (let row = 0; row < rows; row++) log(row)
gate.arrive()
for (let burst = 0; burst < bursts; burst++) {
  gate.enter(++round)
  timeGroups(log, rows + burst * groups * perGroup, groups, perGroup, ns)
  gate.arrive()
}
parentPort!.postMessage(ns)
