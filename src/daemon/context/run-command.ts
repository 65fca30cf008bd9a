import { execFile } from 'node:child_process'

export interface CommandOptions {
  readonly env: NodeJS.ProcessEnv
  readonly timeoutMs: number
  readonly cwd?: string
  readonly maxBytes?: number
}

export interface CommandResult {
  /** Exit status 0, in time, and all output kept. */
  readonly ok: boolean
  /** Ended early because it wrote more than `maxBytes`. */
  readonly tooLong: boolean
  readonly stdout: string
}

/** Runs a program without a shell. Never rejects: a program that is missing, fails or hangs is not `ok`. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { cwd, env, timeoutMs, maxBytes = 1 << 20 } = options
  const settings = {
    env,
    timeout: timeoutMs,
    maxBuffer: maxBytes,
    // A driver that hangs does not answer SIGTERM.
    killSignal: 'SIGKILL',
    windowsHide: true,
    ...(cwd === undefined ? {} : { cwd }),
  } as const
  return new Promise((resolve) => {
    execFile(file, args, settings, (error, stdout) => {
      const tooLong = error?.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'
      resolve({ ok: error === null, tooLong, stdout })
    })
  })
}
