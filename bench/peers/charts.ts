import type { BarChart, Chart, Latencies, PercentileChart } from '../chart.js'
import { doing, rowsPerSecond } from './figures.js'
import { OURS, type PeerMeasured, type PeerResult, WORK_NAMES, WORKS } from './peer.js'

/** `bare`: the same program with no logger. */
export function chartsOf(results: readonly PeerResult[], bare: readonly PeerMeasured[]): Chart[] {
  const ten = doing(results, 'ten')
  const calls = WORKS.map((work) =>
    bars(
      `What a call takes of its caller: ${WORK_NAMES[work]}`,
      'ns',
      doing(results, work),
      ({ callNs }) => callNs,
      'Mean of a tight loop, median of its rounds. Less is better.',
    ),
  )
  const atTen = `${WORK_NAMES.ten} a row`
  return [
    ...calls.filter(({ bars: { length } }) => length > 0),
    bars(
      `CPU time of the calling thread: ${atTen}`,
      'ns a row',
      ten.filter(({ threadNs }) => threadNs !== undefined),
      ({ threadNs }) => threadNs!,
      'With all that a peer puts off to the event loop: a call that only queues is cheap, its row is not. Less is better.',
    ),
    percentiles(
      `Latency of a call: ${atTen}, 1,000 a second`,
      [...ten, ...doing(bare, 'ten')],
      ({ latencies }) => latencies,
      'The call alone. What a peer puts off to the event loop is not in it.',
    ),
    percentiles(
      `What a step is held up: ${atTen}, 1,000 a second`,
      [...ten, ...doing(bare, 'ten')].filter(({ held }) => held !== undefined),
      ({ held }) => held!,
      'The call, the promises that it leaves, and after each tenth a turn of the event loop.',
    ),
    bars(
      `Rows sustained: ${atTen}`,
      'rows/s',
      ten,
      rowsPerSecond,
      'From the first call until the last row is on the disk or at the server. More is better.',
    ),
    bars(
      `Rows that arrived: ${atTen}`,
      '%',
      ten,
      ({ logged, arrived }) => (arrived / logged) * 100,
      'Read back from the files, or counted by the server.',
    ),
    bars(
      `Memory: ${atTen}, as fast as each takes them`,
      'MiB',
      ten,
      ({ rssMiB }) => wholeMiB(rssMiB),
      'Above the same program without a logger. Less is better.',
    ),
    bars(
      `Memory: ${atTen}, 1,000 a second`,
      'MiB',
      ten.filter(({ pacedRssMiB }) => pacedRssMiB !== undefined),
      ({ pacedRssMiB }) => wholeMiB(pacedRssMiB!),
      'Above the same program without a logger. Less is better.',
    ),
  ]
}

/** Two processes of the same program differ by more than what this takes away. */
const wholeMiB = (mebibytes: number): number => Math.max(0, Math.round(mebibytes))

const bars = (
  title: string,
  unit: string,
  results: readonly PeerMeasured[],
  value: (result: PeerMeasured) => number,
  note: string,
): BarChart => ({
  kind: 'bars',
  title,
  unit,
  note,
  bars: results.map((result) => ({
    name: result.name,
    value: value(result),
    ...(result.name.startsWith(OURS) ? { ours: true } : {}),
  })),
})

const percentiles = (
  title: string,
  results: readonly PeerMeasured[],
  latencies: (result: PeerMeasured) => Latencies,
  note: string,
): PercentileChart => ({
  kind: 'percentiles',
  title,
  note,
  lines: results.map((result) => ({ name: result.name, latencies: latencies(result) })),
})
