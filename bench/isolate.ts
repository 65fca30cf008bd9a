import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Runs one of `bench/programs/` in a process of its own and returns what it reports: neither the type feedback
 * and the heap of another measurement, nor a fault that was injected there, can reach it.
 */
export async function isolate<Result>(
  program: string,
  parameters: object,
  nodeFlags: readonly string[] = [],
): Promise<Result> {
  const file = new URL(`./programs/${program}.js`, import.meta.url)
  const args = [...nodeFlags, file.pathname, JSON.stringify(parameters)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  const line = Buffer.concat(parts).toString().trim().split('\n').at(-1) ?? ''
  if (code !== 0 || line === '')
    throw new Error(`The program "${program}" ended with ${signal ?? code} and no result`)
  return JSON.parse(line) as Result
}
