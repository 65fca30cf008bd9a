import type { Figure } from '../benchmark.js'
import type { Latencies } from '../chart.js'
import { isMeasured, OURS, type PeerMeasured, type PeerResult, WORK_NAMES, WORKS, type Work } from './peer.js'

export const rowsPerSecond = ({ sustained: { rows, writtenSeconds } }: PeerMeasured): number =>
  rows / writtenSeconds

export const doing = (results: readonly PeerResult[], work: Work): PeerMeasured[] =>
  results.filter(isMeasured).filter((result) => result.work === work)

/** What all have to be held against, then each peer by itself. `bare`: the same loops with no logger. */
export function figuresOf(results: readonly PeerResult[], bare: readonly PeerMeasured[]): Figure[] {
  return [...comparisons(results, bare), ...results.flatMap((result) => single(result))]
}

function comparisons(results: readonly PeerResult[], bare: readonly PeerMeasured[]): Figure[] {
  const ten = doing(results, 'ten')
  const figures = [
    cheapest('pino', 5, ten, ({ name }) => name.startsWith('pino')),
    cheapest("wandb's Python client", 300, ten, ({ name }) => name.startsWith('Python: wandb')),
  ].filter((figure) => figure !== null)
  for (const work of WORKS) {
    const all = doing(results, work)
    const lower = (what: string, of: (result: PeerMeasured) => Latencies): Figure[] =>
      quicker(`${what}, ${WORK_NAMES[work]}`, all, doing(bare, work)[0], of)
    figures.push(...lower('in the call', ({ latencies }) => latencies))
    figures.push(...lower('with what it puts off', ({ latencies, held }) => held ?? latencies))
  }
  return figures
}

const oursAmong = (results: readonly PeerMeasured[]): PeerMeasured | undefined =>
  results.find(({ name }) => name === OURS)

/** Null where nobody of them was measured, which their own lines say. */
function cheapest(
  of: string,
  atLeast: number,
  results: readonly PeerMeasured[],
  among: (result: PeerMeasured) => boolean,
): Figure | null {
  const ours = oursAmong(results)
  const [best] = results.filter(among).sort((a, b) => a.callNs - b.callNs)
  if (ours === undefined || best === undefined) return null
  return {
    name: `cheapest call of ${of} / ours, ${WORK_NAMES[ours.work]}`,
    measured: best.callNs / ours.callNs,
    unit: 'x',
    target: { atLeast },
    note: `${best.name}: ${best.callNs.toFixed(0)} ns, ${ours.name}: ${ours.callNs.toFixed(0)} ns`,
  }
}

function quicker(
  what: string,
  results: readonly PeerMeasured[],
  bare: PeerMeasured | undefined,
  of: (result: PeerMeasured) => Latencies,
): Figure[] {
  const ours = oursAmong(results)
  const peers = results.filter(({ name }) => !name.startsWith(OURS))
  if (ours === undefined || peers.length === 0) return []
  const { p999, count } = of(ours)
  const better = peers.filter((peer) => of(peer).p999 < p999)
  const names = better.map((peer) => `${peer.name} ${of(peer).p999} us`).join(', ')
  // What the machine itself does to a loop that is measured so is in all of them.
  const floor = bare === undefined ? '' : `with no logger ${of(bare).p999} us; `
  const note = `ours ${p999} us, of ${count} calls; ${floor}of ${peers.length} peers ${names === '' ? 'none' : names}`
  return [
    {
      name: `peers with a lower p99.9 ${what}`,
      measured: better.length,
      unit: '',
      target: { atMost: 0 },
      note,
    },
  ]
}

function single(result: PeerResult): Figure[] {
  const { name } = result
  if (!isMeasured(result))
    return [{ name: `${name}: not measured`, measured: 0, unit: '', note: result.missing }]
  const { work, version, callNs, logged, arrived, note } = result
  const call: Figure = {
    name: `${name}: call, ${WORK_NAMES[work]}`,
    measured: callNs,
    unit: 'ns',
    note: [version, ...(note === undefined ? [] : [note])].join('; '),
  }
  const rows: Figure = {
    name: `${name}: arrived, ${WORK_NAMES[work]}`,
    measured: (arrived / logged) * 100,
    unit: '%',
    // Of peers no more is asked than that they tell.
    ...(name.startsWith(OURS) && work !== 'histogram' ? { target: { atLeast: 100 } } : {}),
    note: `${arrived} of ${logged} rows`,
  }
  return work === 'ten' ? [call, ...details(result), rows] : [call, rows]
}

/** Of ten scalars a row only: the other rows tell the same. */
function details(result: PeerMeasured): Figure[] {
  const { name, latencies, held, sustained, rssMiB, pacedRssMiB, threadNs, bytesPerRow } = result
  const tail = ({ p50, p99, max }: Latencies) => `p50 ${p50} us, p99 ${p99} us, max ${Math.round(max)} us`
  const put = held === undefined ? '' : `; with what it puts off p99.9 ${held.p999} us`
  const paced = pacedRssMiB === undefined ? '' : `; ${pacedRssMiB.toFixed(0)} MiB at 1,000 rows a second`
  const cpu = threadNs === undefined ? '' : `; ${threadNs.toFixed(0)} ns CPU of the calling thread a row`
  const { rows, callerSeconds, writtenSeconds } = sustained
  const times = `${rows} rows: called in ${callerSeconds.toFixed(2)} s, written in ${writtenSeconds.toFixed(2)} s`
  return [
    { name: `${name}: p99.9`, measured: latencies.p999, unit: 'us', note: `${tail(latencies)}${put}` },
    {
      name: `${name}: rows sustained`,
      measured: rowsPerSecond(result),
      unit: 'rows/s',
      note: `${times}${cpu}`,
    },
    { name: `${name}: memory`, measured: rssMiB, unit: 'MiB', note: `as fast as it takes rows${paced}` },
    { name: `${name}: written`, measured: bytesPerRow, unit: 'bytes/row' },
  ]
}
