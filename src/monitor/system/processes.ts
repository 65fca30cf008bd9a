import { join } from 'node:path'
import { usableCores } from './cpu.js'
import { Pace } from './pace.js'
import { namesIn, readProc } from './proc.js'
import { MIB, percent, type Sample } from './sample.js'

/** Linux counts a process' time in these for every program, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100
/** All processes of the machine are looked at: where that takes long, it is done less often. */
const SHARE = 0.005

/** Node does not tell how large a page is: 4 KiB, but for some ARM machines. */
const PAGE_BYTES = pageBytes()

interface ProcessStat {
  readonly parent: number
  /** Its own, and that of children that have ended: in ticks. */
  readonly ticks: number
  readonly endedTicks: number
  readonly rssPages: number
}

/** The processes that this one has started, and theirs. Linux. Blocks for some ms where there are many processes. */
export class ProcessesMeter {
  readonly #root: string
  readonly #pid: number
  readonly #pace: Pace
  readonly #cores: number
  #ticks: number | null = null
  #at = 0

  /** `root` is where /proc lies. */
  constructor(root = '/', pid = process.pid, cores = usableCores(), pace = new Pace(SHARE)) {
    this.#root = root
    this.#pid = pid
    this.#cores = cores
    this.#pace = pace
    this.sample({})
  }

  sample(into: Sample): void {
    if (!this.#pace.due) return
    const at = performance.now()
    const all = this.#readAll()
    const own = all.get(this.#pid)
    if (own === undefined) return
    const descendants = descendantsOf(this.#pid, all)
    const ticks = descendants.reduce((sum, one) => sum + one.ticks + one.endedTicks, own.endedTicks)
    const elapsedTicks = ((at - this.#at) / 1000) * TICKS_PER_SECOND
    const pages = descendants.reduce((sum, { rssPages }) => sum + rssPages, 0)
    into['proc.children.count'] = descendants.length
    into['proc.children.rssMB'] = (pages * PAGE_BYTES) / MIB
    // A process whose parent has ended takes its time with it.
    if (this.#ticks !== null && elapsedTicks > 0) {
      into['proc.children.cpu'] = percent(Math.max(0, ticks - this.#ticks), elapsedTicks * this.#cores)
    }
    this.#ticks = ticks
    this.#at = at
    this.#pace.ended(at)
  }

  #readAll(): Map<number, ProcessStat> {
    const all = new Map<number, ProcessStat>()
    for (const name of namesIn(join(this.#root, 'proc'))) {
      const stat = /^\d+$/.test(name) ? parseStat(readProc(join(this.#root, 'proc', name, 'stat'))) : null
      if (stat !== null) all.set(Number(name), stat)
    }
    return all
  }
}

function pageBytes(): number {
  const pages = parseStat(readProc('/proc/self/stat'))?.rssPages ?? 0
  if (pages === 0) return 4096
  return 2 ** Math.max(12, Math.round(Math.log2(process.memoryUsage.rss() / pages)))
}

/** proc_pid_stat(5): the name, in brackets, may hold anything, brackets too. */
function parseStat(text: string | null): ProcessStat | null {
  if (text === null) return null
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  // From field 3, the state, on.
  const field = (number: number) => fields[number - 3] ?? 0
  return {
    parent: field(4),
    ticks: field(14) + field(15),
    endedTicks: field(16) + field(17),
    rssPages: field(24),
  }
}

function descendantsOf(pid: number, all: ReadonlyMap<number, ProcessStat>): ProcessStat[] {
  const children = new Map<number, number[]>()
  for (const [child, { parent }] of all) children.set(parent, [...(children.get(parent) ?? []), child])
  const found: ProcessStat[] = []
  const open = [pid]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const child of children.get(next) ?? []) {
      found.push(all.get(child)!)
      open.push(child)
    }
  }
  return found
}
