import { join } from 'node:path'
import { usableCores } from './cpu.js'
import { Pace } from './pace.js'
import { namesIn, readProc } from './proc.js'
import { MIB, percent, type Sample } from './sample.js'

/** Linux counts a process' time in these for every program, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100
/** Where there are many processes it takes long, and is done less often. */
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
  /** Most kernels name the children of each thread; without that, all processes have to be asked for their parent. */
  readonly #namesChildren: boolean
  #ticks: number | null = null
  #at = 0

  /** `root` is where /proc lies. */
  constructor(root = '/', pid = process.pid, cores = usableCores(), pace = new Pace(SHARE)) {
    this.#root = root
    this.#pid = pid
    this.#cores = cores
    this.#pace = pace
    this.#namesChildren = readProc(join(root, 'proc', `${pid}`, 'task', `${pid}`, 'children')) !== null
    this.sample({})
  }

  sample(into: Sample): void {
    if (!this.#pace.due) return
    const at = performance.now()
    const own = this.#stat(this.#pid)
    if (own === null) return
    const descendants = this.#descendants()
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

  #stat(pid: number | string): ProcessStat | null {
    return parseStat(readProc(join(this.#root, 'proc', `${pid}`, 'stat')))
  }

  #descendants(): ProcessStat[] {
    const childrenOf = this.#namesChildren ? (pid: number) => this.#namedChildren(pid) : this.#allChildren()
    const found: ProcessStat[] = []
    const open = [this.#pid]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const child of childrenOf(next)) {
        const stat = this.#stat(child)
        if (stat === null) continue
        found.push(stat)
        open.push(child)
      }
    }
    return found
  }

  /** One that ends meanwhile may hide others (proc_pid_task_children(5)): until the next sample. */
  #namedChildren(pid: number): number[] {
    const tasks = join(this.#root, 'proc', `${pid}`, 'task')
    return namesIn(tasks).flatMap((thread) => numbersIn(readProc(join(tasks, thread, 'children'))))
  }

  /** From the parents that all processes of the machine name. */
  #allChildren(): (pid: number) => readonly number[] {
    const children = new Map<number, number[]>()
    for (const name of namesIn(join(this.#root, 'proc'))) {
      const stat = /^\d+$/.test(name) ? this.#stat(name) : null
      if (stat === null) continue
      const siblings = children.get(stat.parent)
      if (siblings === undefined) children.set(stat.parent, [Number(name)])
      else siblings.push(Number(name))
    }
    return (pid) => children.get(pid) ?? []
  }
}

const numbersIn = (text: string | null): number[] => (text?.match(/\d+/g) ?? []).map(Number)

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
