import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

/**
 * Starts offline-run.mjs, or another program that says the same, and kills it with SIGKILL when its log has some rows;
 * how many it had for sure.
 */
export async function killedRun(
  directory: string,
  rows: number,
  program = 'offline-run.mjs',
): Promise<{ runDir: string; delivered: number }> {
  const path = join(import.meta.dirname, program)
  const child = spawn(process.execPath, [path, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const gone = new Promise((resolve) => child.on('close', resolve))
  let runDir = ''
  let delivered = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue
    const said = JSON.parse(line) as { runDir?: string; delivered?: number }
    runDir = said.runDir ?? runDir
    delivered = said.delivered ?? 0
    if (delivered >= rows) child.kill('SIGKILL')
  }
  await gone
  return { runDir, delivered }
}
