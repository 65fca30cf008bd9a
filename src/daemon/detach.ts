import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ResolvedSink } from '../options/options.js'
import type { Reporter } from './reporter.js'

/**
 * Starts the process that delivers the rest of a run when this one has gone. Resolves when it has its orders;
 * rejects where it cannot be started. The run's lock must have been released.
 */
async function startAgent(runDir: string, sinks: readonly ResolvedSink[]): Promise<void> {
  const agent = fileURLToPath(new URL('../recovery/agent.js', import.meta.url))
  const child = spawn(process.execPath, [agent, runDir], {
    // A session of its own: the end of a terminal or of this process's group does not reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    windowsHide: true,
  })
  child.unref()
  await once(child, 'spawn')
  // Through a pipe, since options may hold secrets: neither arguments nor files are a place for them.
  child.stdin.end(JSON.stringify({ sinks }))
  await once(child.stdin, 'finish')
}

/** Starts it; where no process can be started, says who delivers the rest. */
export async function leaveToAgent(
  runDir: string,
  sinks: readonly ResolvedSink[],
  reporter: Reporter,
): Promise<void> {
  try {
    await startAgent(runDir, sinks)
  } catch (error) {
    const next = `The next run, or \`offstep sync ${runDir}\`, delivers the rest`
    reporter.warn(
      'agent',
      `No process could be started to deliver the rest: ${(error as Error).message}. ${next}`,
    )
  }
}
