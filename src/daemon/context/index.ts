import { toJson } from '../../record/to-json.js'
import type { CommandInfo, GitInfo, HardwareInfo, JsonObject, SoftwareInfo } from '../../store/run-context.js'
import { type CommandInput, describeCommand } from './command.js'
import { hashConfig } from './config-hash.js'
import { describeGit } from './git.js'
import { readHardware } from './hardware.js'
import { readSoftware } from './software.js'

export interface ContextInput extends CommandInput {
  readonly config: object
  /** False: leave the repository alone. */
  readonly git: boolean
  /** For everything together. Default 5000. */
  readonly timeoutMs?: number
}

/** The fields of `run.json` that tell how the run came about. A part that failed or took too long is null. */
export interface RunContext {
  readonly config: JsonObject | null
  readonly configSha256: string | null
  readonly git: GitInfo | null
  readonly command: CommandInfo | null
  readonly software: SoftwareInfo | null
  readonly hardware: HardwareInfo | null
}

/**
 * Collects the context of a run. For the daemon thread: it reads some hundred small files synchronously and
 * starts `git` and `nvidia-smi`. Never rejects.
 */
export async function collectContext(input: ContextInput): Promise<RunContext> {
  const { cwd, env, config, timeoutMs = 5000 } = input
  const deadline = createDeadline(timeoutMs)
  const part = <T>(collect: () => T | Promise<T>): Promise<T | null> =>
    Promise.race([Promise.resolve().then(collect), deadline.passed]).catch(() => null)
  // The programs first: they run while the files are read.
  const [git, hardware, ...rest] = await Promise.all([
    part(() => (input.git ? describeGit(cwd, { env }) : null)),
    part(() => readHardware({ env })),
    part(() => describeCommand(input)),
    part(() => readSoftware(cwd)),
    part(() => toJson(config) as JsonObject),
    part(() => hashConfig(config)),
  ])
  deadline.clear()
  const [command, software, json, configSha256] = rest
  return { config: json, configSha256, git, command, software, hardware }
}

function createDeadline(timeoutMs: number): { passed: Promise<null>; clear(): void } {
  let timer: NodeJS.Timeout
  const passed = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), timeoutMs)
  })
  return { passed, clear: () => clearTimeout(timer) }
}
