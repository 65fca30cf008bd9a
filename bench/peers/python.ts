import type { Settings } from '../benchmark.js'
import { withDirectory } from '../directory.js'
import { MlflowProcess } from '../mlflow-server.js'
import type { PeerMeasured, PeerResult, Work } from './peer.js'
import { PACE } from './peer.js'
import { type Environment, environmentOf, type Group } from './python/environment.js'
import { type Calls, type Flood, measure, type Store } from './python/phase.js'
import { NONE, TRACKERS, type Tracker } from './python/trackers.js'

/** Share of the pace below which it was not kept. */
const KEPT = 0.95

/**
 * The trackers that people use from Python, at the same work as those of Node: each from a virtual environment of its own,
 * which is made the first time, and each measurement in a process of its own.
 */
export async function pythonPeers(settings: Settings): Promise<readonly PeerResult[]> {
  const none = await attempt(environmentOf('none'))
  if (none instanceof Error) return TRACKERS.map(({ name }) => ({ name: named(name), missing: none.message }))
  const bare = {
    calls: await measure(none, NONE, 'ten', 'calls', settings, null),
    flood: await measure(none, NONE, 'ten', 'flood', settings, null),
  }
  const results: PeerResult[] = []
  const environments = new Map<Group, Environment | Error>()
  for (const tracker of TRACKERS) {
    const { name, group } = tracker
    const environment = environments.get(group) ?? (await attempt(environmentOf(group)))
    environments.set(group, environment)
    if (environment instanceof Error) results.push({ name: named(name), missing: environment.message })
    else results.push(...(await measureTracker(tracker, environment, settings, bare)))
  }
  return results
}

interface Both {
  readonly calls: Calls
  readonly flood: Flood
}

async function measureTracker(
  tracker: Tracker,
  environment: Environment,
  settings: Settings,
  bare: Both,
): Promise<PeerResult[]> {
  const all = async (store: Store | null): Promise<PeerResult[]> => {
    const results: PeerResult[] = []
    for (const work of tracker.works) {
      if (settings.quick && work !== 'ten') continue
      const run = async (): Promise<Both> => ({
        calls: await measure(environment, tracker, work, 'calls', settings, store),
        flood: await measure(environment, tracker, work, 'flood', settings, store),
      })
      const both = await attempt(run())
      if (both instanceof Error)
        results.push({ name: `${named(tracker.name)}, ${work}`, missing: both.message })
      else results.push(resultOf(tracker, work, both, bare))
    }
    return results
  }
  return tracker.server === 'mlflow' ? withMlflow(environment.python, tracker.name, all) : all(null)
}

async function withMlflow(
  python: string,
  name: string,
  body: (store: Store) => Promise<PeerResult[]>,
): Promise<PeerResult[]> {
  return withDirectory(async (directory) => {
    const server = await attempt(MlflowProcess.start(python, directory))
    if (server instanceof Error) return [{ name: named(name), missing: 'its server does not start' }]
    try {
      return await body({ url: server.url, directory })
    } finally {
      await server.stop()
    }
  })
}

function resultOf(tracker: Tracker, work: Work, { calls, flood }: Both, bare: Both): PeerMeasured {
  const arrived = calls.arrived + flood.arrived
  const notes = [tracker.note ?? '']
  if (calls.pace < KEPT * PACE[work])
    notes.push(`${calls.pace.toFixed(0)} steps/s where ${PACE[work]} were wanted`)
  if (bare.flood.peakMiB === 0)
    notes.push('memory: not measured, only Linux tells that of a tree of processes')
  const note = notes.filter((one) => one !== '').join('; ')
  const { rows, callerSeconds, writtenSeconds } = flood
  return {
    name: named(tracker.name),
    version: calls.version,
    work,
    callNs: calls.callNs,
    latencies: calls.latencies,
    sustained: { rows, callerSeconds, writtenSeconds },
    rssMiB: flood.peakMiB - bare.flood.peakMiB,
    pacedRssMiB: calls.peakMiB - bare.calls.peakMiB,
    threadNs: flood.threadNs,
    bytesPerRow: arrived === 0 ? 0 : (calls.bytes + flood.bytes) / arrived,
    logged: calls.logged + flood.logged,
    arrived,
    ...(note === '' ? {} : { note }),
  }
}

const named = (name: string): string => `Python: ${name}`

/** What it comes to, or why it does not. */
const attempt = <T>(promise: Promise<T>): Promise<T | Error> =>
  promise.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
