import os from 'node:os'
import type { CommandInfo } from '../../store/run-context.js'
import { redactArguments } from './redact.js'

// A fixed list: an environment is where secrets live, and no rule on names finds them all.
const ENVIRONMENT = [
  ...['NODE_ENV', 'HOSTNAME', 'TZ', 'OFFSTEP_DIR', 'OFFSTEP_MODE', 'UV_THREADPOOL_SIZE', 'OMP_NUM_THREADS'],
  ...['CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES', 'HIP_VISIBLE_DEVICES'],
  ...['TF_FORCE_GPU_ALLOW_GROWTH', 'TF_CPP_MIN_LOG_LEVEL', 'TF_ENABLE_ONEDNN_OPTS', 'TF_NUM_INTRAOP_THREADS'],
  ...['RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'LOCAL_WORLD_SIZE', 'NODE_RANK', 'MASTER_ADDR', 'MASTER_PORT'],
  ...['SLURM_JOB_ID', 'SLURM_JOB_NAME', 'SLURM_NODELIST', 'SLURM_NTASKS', 'SLURM_PROCID', 'SLURM_LOCALID'],
  ...['SLURM_ARRAY_JOB_ID', 'SLURM_ARRAY_TASK_ID', 'PBS_JOBID', 'LSB_JOBID'],
]
const MAX_ARGUMENTS = 1000
const MAX_ARGUMENT_LENGTH = 4096

export interface CommandInput {
  readonly cwd: string
  readonly argv: readonly string[]
  readonly execArgv: readonly string[]
  readonly pid: number
  readonly env: { readonly [name: string]: string | undefined }
}

/** How the process was started, with secrets masked. A worker's own argv differs: pass the main thread's. */
export function describeCommand(input: CommandInput): CommandInfo {
  const { cwd, argv, execArgv, pid, env } = input
  const known = ENVIRONMENT.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))
  return {
    argv: bounded(argv),
    execArgv: bounded(execArgv),
    cwd,
    user: userName(),
    pid,
    env: Object.fromEntries(known),
  }
}

function bounded(args: readonly string[]): string[] {
  // Cut last: half a URL no longer looks like one with a password.
  return redactArguments(args.slice(0, MAX_ARGUMENTS)).map((arg) => arg.slice(0, MAX_ARGUMENT_LENGTH))
}

/** Throws in a container whose user id has no name. */
function userName(): string | null {
  try {
    return os.userInfo().username
  } catch {
    return null
  }
}
