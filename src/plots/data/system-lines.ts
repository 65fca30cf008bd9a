import type { SystemPoint } from './journal-events.js'
import type { Line } from './lines.js'

/** A chart of one thing about the machine, with a line for each device that has it. */
export interface SystemGroup {
  readonly heading: string
  readonly lines: readonly Line[]
}

interface Shown {
  readonly heading: string
  readonly names: RegExp
  /** From the sample's unit to that of the heading. */
  readonly factor?: number
}

const GIB = 2 ** 30
/** What is worth a chart, in this order; names are those of the records (see SystemSample). */
const SHOWN: readonly Shown[] = [
  { heading: 'GPU use (%)', names: /^gpu\.(\d+)\.gpu$/ },
  { heading: 'GPU memory (GiB)', names: /^gpu\.(\d+)\.memoryAllocatedBytes$/, factor: 1 / GIB },
  { heading: 'GPU temperature (°C)', names: /^gpu\.(\d+)\.temp$/ },
  { heading: 'GPU power (W)', names: /^gpu\.(\d+)\.powerWatts$/ },
  { heading: 'GPU clock (MHz)', names: /^gpu\.(\d+)\.smClock$/ },
  { heading: 'CPU of the machine (%)', names: /^cpu\.total_percent$/ },
  { heading: 'CPU of the process (%)', names: /^cpu$/ },
  { heading: 'CPU of its children (%)', names: /^proc\.children\.cpu$/ },
  { heading: 'Memory of the machine (%)', names: /^memory_percent$/ },
  { heading: 'Memory of the process (MiB)', names: /^proc\.memory\.rssMB$/ },
  { heading: 'Memory of its children (MiB)', names: /^proc\.children\.rssMB$/ },
  { heading: 'Heap of the training thread (MiB)', names: /^nodejs\.heap\.usedMB$/ },
  { heading: 'Event loop busy (%)', names: /^nodejs\.eventloop\.utilizationPercent$/ },
  { heading: 'Longest wait for the event loop (ms)', names: /^nodejs\.eventloop\.delay\.maxMs$/ },
  { heading: 'Tensors', names: /^tfjs\.numTensors$/ },
  { heading: 'Threads of the process', names: /^proc\.cpu\.threads$/ },
  { heading: 'Disk in use (%)', names: /^disk\..+\.usagePercent$/ },
  { heading: 'Read from the disk (MiB)', names: /^disk\.in$/ },
  { heading: 'Written to the disk (MiB)', names: /^disk\.out$/ },
  { heading: 'Read by the process (MiB)', names: /^proc\.disk\.readMB$/ },
  { heading: 'Written by the process (MiB)', names: /^proc\.disk\.writtenMB$/ },
  { heading: 'Received (MiB)', names: /^network\.recv$/, factor: 1 / 2 ** 20 },
  { heading: 'Sent (MiB)', names: /^network\.sent$/, factor: 1 / 2 ** 20 },
]

export function systemGroups(samples: readonly SystemPoint[], xOf: (time: number) => number): SystemGroup[] {
  const names = [...new Set(samples.flatMap(({ values }) => Object.keys(values)))]
  return SHOWN.flatMap(({ heading, names: wanted, factor = 1 }) => {
    const found = names.filter((name) => wanted.test(name)).sort()
    if (found.length === 0) return []
    return [{ heading, lines: found.map((name) => systemLine(samples, name, wanted, xOf, factor)) }]
  })
}

function systemLine(
  samples: readonly SystemPoint[],
  name: string,
  wanted: RegExp,
  xOf: (time: number) => number,
  factor: number,
): Line {
  const device = wanted.exec(name)?.[1]
  const points = samples.flatMap(({ time, values }) => {
    const value = values[name]
    if (value === undefined) return []
    const y = Number.isFinite(value) ? value * factor : null
    return [{ x: xOf(time), y, smoothed: y }]
  })
  return {
    label: device === undefined ? '' : `GPU ${device}`,
    points,
    isSmoothed: false,
    nonFinite: { count: 0, points: [] },
    nonFiniteX: [],
  }
}
