import fs from 'node:fs'

/** Linux counts CPU time in ticks of this length, on every architecture that Node runs on. */
const TICK_MS = 10

export interface ThreadTime {
  readonly id: number
  readonly cpuMs: number
}

/** CPU time of every thread of this process, by /proc; none on other systems than Linux. */
export function threadTimes(): ThreadTime[] {
  let ids: string[]
  try {
    ids = fs.readdirSync('/proc/self/task')
  } catch {
    return []
  }
  const times: ThreadTime[] = []
  for (const id of ids) {
    try {
      const stat = fs.readFileSync(`/proc/self/task/${id}/stat`, 'utf8')
      // Fields 14 and 15 (user and system time), counted after the name, which may hold anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      times.push({ id: Number(id), cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS })
    } catch {
      // The thread has ended since the directory was read.
    }
  }
  return times
}

/**
 * CPU milliseconds since `before`, by role. Threads of ours are those that `own` (ids before `init()`) does not
 * hold, in the order in which the tracker starts them: daemon, drain, then the deliverers.
 */
export function cpuByRole(before: readonly ThreadTime[], own: readonly ThreadTime[]): Record<string, number> {
  const ownIds = new Set(own.map(({ id }) => id))
  const earlier = new Map(before.map(({ id, cpuMs }) => [id, cpuMs]))
  const roles: Record<string, number> = { training: 0, 'node and V8': 0 }
  let started = 0
  for (const { id, cpuMs } of threadTimes().sort((a, b) => a.id - b.id)) {
    const used = cpuMs - (earlier.get(id) ?? 0)
    if (id === process.pid) roles.training = used
    else if (ownIds.has(id)) roles['node and V8']! += used
    else roles[['daemon', 'drain'][started++] ?? `deliver ${started - 2}`] = used
  }
  return roles
}
