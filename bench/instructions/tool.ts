import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Runs a program to its end. Throws where it fails, with what it said last. */
export async function runTool(file: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(file, args, { maxBuffer: 64 * 2 ** 20 })
  return stdout
}

/** Why a program could not be run, in words. */
export function whyNot(error: unknown): string {
  const { code, stderr = '' } = error as { code?: string | number; stderr?: string }
  if (code === 'ENOENT') return 'not installed'
  return stderr.trim().split('\n').at(-1) || `ended with ${code}`
}
