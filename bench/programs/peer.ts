/** One peer, one work, one phase: what single calls cost, or how many rows get through. See ../peers/node.ts. */
import fs from 'node:fs'
import { bytesBelow } from '../peers/node/files.js'
import type { Lengths, Program } from '../peers/node/program.js'
import { peerNamed } from '../peers/node/registry.js'
import { measureCalls } from './peer-calls.js'
import { flood } from './peer-flood.js'
import { parameters, report } from './support.js'

const { name, work, phase, dir, ...lengths } = parameters<Program & Lengths>()

// A client that never ends must not hold up the others. The timer also keeps the process: pino's worker does not.
setTimeout(() => process.exit(1), 120_000)

const peer = peerNamed(name)
const missing = (await peer.missing?.()) ?? null
if (missing !== null) report({ missing })
else {
  const opened = await peer.open(dir, work, phase)
  const result =
    phase === 'calls' ? await measureCalls(opened, work, lengths) : await flood(opened, work, lengths)
  // Before anything is read back.
  const peakMiB = peakMemoryMiB()
  const written = { arrived: await peer.arrived(dir, work), bytes: bytesBelow(dir) }
  report({ version: peer.version(), ...result, ...written, peakMiB })
}
process.exit()

/** `resourceUsage()` knows of no process alone: on Linux it begins with what the process that started this one had. */
function peakMemoryMiB(): number {
  try {
    const [, kibibytes] = /VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))!
    return Number(kibibytes) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}
