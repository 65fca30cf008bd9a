import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { writeFileAtomic } from './atomic-file.js'

/** Beats this often while a run lives. */
export const HEARTBEAT_INTERVAL_MS = 5000
/** A run on another machine that has not beaten for this long is taken for dead. */
const STALE_MS = 6 * HEARTBEAT_INTERVAL_MS

interface Heartbeat {
  readonly pid: number
  readonly host: string
  /** When the process started, as the system counts it: tells a reused pid from the process that had it. */
  readonly started: string | null
  /** Milliseconds since the epoch. */
  readonly time: number
}

const heartbeatPath = (runDir: string): string => path.join(runDir, 'heartbeat.json')

export function writeHeartbeat(runDir: string): void {
  const beat: Heartbeat = {
    pid: process.pid,
    host: os.hostname(),
    started: processStart(process.pid),
    time: Date.now(),
  }
  writeFileAtomic(heartbeatPath(runDir), JSON.stringify(beat))
}

export function removeHeartbeat(runDir: string): void {
  fs.rmSync(heartbeatPath(runDir), { force: true })
}

/** The last sign of life of a run: when it was, and whether its process is still there. Null: there is none. */
export function readHeartbeat(runDir: string): { time: number; alive: boolean } | null {
  let beat: Heartbeat
  try {
    beat = JSON.parse(fs.readFileSync(heartbeatPath(runDir), 'utf8')) as Heartbeat
  } catch {
    return null
  }
  if (beat.host !== os.hostname()) return { time: beat.time, alive: Date.now() - beat.time < STALE_MS }
  return { time: beat.time, alive: processExists(beat.pid) && processStart(beat.pid) === beat.started }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Start time of a process from /proc (field 22 of stat, in clock ticks since boot); null where there is none. */
function processStart(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
