import type { Command } from 'commander'
import pc from 'picocolors'

export type Colors = ReturnType<typeof pc.createColors>

/** What every command takes; given before or after the command's name. */
export interface GlobalOptions {
  readonly dir?: string
  readonly json?: boolean
  /** False with `--no-color`. */
  readonly color: boolean
}

/**
 * Where a command prints. Results go to stdout; progress, notes and errors go to stderr, so that stdout can be
 * piped. With `--json` stdout carries JSON and nothing else.
 */
export interface Output {
  readonly json: boolean
  /** For stdout and for stderr: one may be a terminal and the other a pipe. */
  readonly out: Colors
  readonly err: Colors
  /** stderr is a terminal that a person looks at: bars may be drawn and drawn again. */
  readonly interactive: boolean
  /** Width of the terminal that stdout is; Infinity where it is none: nothing is cut in a file. */
  readonly columns: number
  print(text: string): void
  printJson(value: unknown, indent?: number): void
  /** A line on stderr; nothing with `--json`, unless it is a problem. */
  note(text: string): void
  problem(text: string): void
}

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface OutputEnvironment {
  readonly env: NodeJS.ProcessEnv
  readonly stdout: Stream
  readonly stderr: Stream
}

export function outputOf(command: Command): Output {
  return createOutput(command.optsWithGlobals<GlobalOptions>())
}

export function createOutput(
  { json = false, color }: GlobalOptions,
  { env, stdout, stderr }: OutputEnvironment = process,
): Output {
  const colorsOf = (stream: Stream): Colors => pc.createColors(color && hasColors(stream, env))
  const err = colorsOf(stderr)
  return {
    json,
    out: colorsOf(stdout),
    err,
    interactive: stderr.isTTY === true && !isDumb(env) && !env.CI,
    // A terminal that does not know its width says 0.
    columns: stdout.isTTY === true ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
    print: (text) => void stdout.write(`${text}\n`),
    printJson: (value, indent = 2) => void stdout.write(`${JSON.stringify(value, null, indent)}\n`),
    note: (text) => {
      if (!json) stderr.write(`${text}\n`)
    },
    problem: (text) => void stderr.write(`${err.red('error:')} ${text}\n`),
  }
}

/** NO_COLOR (no-color.org) wins over FORCE_COLOR, which wins over what the stream is. */
export function hasColors(stream: Stream, env: NodeJS.ProcessEnv = process.env): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return stream.isTTY === true && !isDumb(env)
}

const isDumb = (env: NodeJS.ProcessEnv): boolean => env.TERM === 'dumb'
