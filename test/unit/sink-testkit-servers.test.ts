/** The built-in sinks that need a server keep the contract that the kit tests, on the scripted servers. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeSink, type JournalRow, type Place } from '../../dist/src/sink-testkit/index.js'
import { type MlflowFault, ScriptedMlflow } from '../support/mlflow-script.js'
import { metricKey } from '../support/mlflow-script-run.js'
import { startWandbServer, type WandbServer } from '../support/wandb-server/server.js'

const KILLS = Number(process.env.OFFSTEP_TESTKIT_KILLS ?? 1)
/** Of the kit's runs. */
const END_TIME = 1_732_000_060_000

/** A server for each place. */
class Servers<Server extends { stop(): Promise<void> }> {
  readonly #servers = new Map<string, Server>()
  readonly #start: () => Promise<Server>

  constructor(start: () => Promise<Server>) {
    this.#start = start
  }

  at({ id }: Place): Server {
    return this.#servers.get(id)!
  }

  /** `prepare()` and `cleanUp()` of a target. */
  get life() {
    return {
      prepare: async ({ id }: Place) => void this.#servers.set(id, await this.#start()),
      cleanUp: async ({ id }: Place) => {
        await this.#servers.get(id)!.stop()
        this.#servers.delete(id)
      },
    }
  }
}

const mlflow = new Servers(() => ScriptedMlflow.start({}))
/** Others have another name at MLflow: see the tests of the names. */
const KEPT = /^[\w/]+$/
const onlyRun = (place: Place) => {
  const { runs } = mlflow.at(place)
  expect(runs.size).toBe(1)
  return [...runs.values()][0]!
}

const mlflowFaults: readonly (readonly [string, MlflowFault, 'retry' | 'pause'])[] = [
  ['the server answers 503 to metrics', { on: 'runs/log-batch', status: 503 }, 'retry'],
  [
    'the connection breaks after metrics are kept',
    { on: 'runs/log-batch', status: null, commit: true },
    'retry',
  ],
  ['the server answers 401', { on: 'runs/log-batch', status: 401 }, 'pause'],
]

describeSink(test, 'mlflow', {
  sink: (place) => ({ type: 'mlflow', trackingUri: mlflow.at(place).url, silent: true }),
  ...mlflow.life,
  kills: KILLS,
  ordered: false,
  read: (place) => {
    const { points, params, status, endTime } = onlyRun(place)
    expect({ status, endTime, lr: params.get('lr') }).toEqual({
      status: 'FINISHED',
      endTime: END_TIME,
      lr: '0.0003',
    })
    return [...points].filter(([, { key }]) => KEPT.test(key)).map(([point]) => point)
  },
  expected: ({ values, step, time }: JournalRow) =>
    Object.entries(values)
      .filter(([key]) => KEPT.test(key))
      .map(([key, value]) => metricKey({ key, value, timestamp: time, step })),
  faults: mlflowFaults.map(([name, fault, action]) => ({
    name,
    action,
    inject: (place) => {
      mlflow.at(place).fail(fault)
      // It comes once.
      return () => {}
    },
  })),
})

const wandb = new Servers<WandbServer>(() => startWandbServer())
/** Of one place: what is wrong with the calls themselves. */
const soundRun = (place: Place) => {
  const server = wandb.at(place)
  expect(server.errors).toEqual([])
  return server.run('sink-test')
}

describeSink(test, 'wandb online', {
  sink: (place) => ({
    module: join(import.meta.dirname, '../fixtures/sinks/wandb-unpaced.mjs'),
    name: 'wandb-unpaced',
    baseUrl: wandb.at(place).url,
  }),
  ...wandb.life,
  kills: KILLS,
  read: (place) => {
    const { history, summary } = soundRun(place)
    return [...history, summary]
  },
  expected: 'as-undisturbed',
})
