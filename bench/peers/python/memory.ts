import fs from 'node:fs'

/** A process and all that it has started, while they live. Linux only: empty elsewhere. */
export function processTree(pid: number): number[] {
  const found = [pid]
  for (const parent of found) {
    for (const thread of list(`/proc/${parent}/task`))
      for (const child of read(`/proc/${parent}/task/${thread}/children`).split(' '))
        if (child !== '') found.push(Number(child))
  }
  return found.filter((one) => fs.existsSync(`/proc/${one}`))
}

/** Resident memory of them together, now. Pages that two of them share count twice. */
export const residentMiB = (pids: readonly number[]): number =>
  pids.reduce((all, pid) => all + Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0), 0) /
  1024

function list(directory: string): string[] {
  try {
    return fs.readdirSync(directory)
  } catch {
    // It has ended.
    return []
  }
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
