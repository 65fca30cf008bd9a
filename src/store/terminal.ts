import fs from 'node:fs'

/** Synchronously, on the descriptor: a worker's stderr goes through the training thread's event loop. */
export function writeToTerminal(message: string): void {
  try {
    fs.writeSync(2, `offstep: ${message}\n`)
  } catch {
    // A closed stderr: there is nobody to tell.
  }
}
