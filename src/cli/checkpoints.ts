import type { Command } from 'commander'
import { outputOf } from './output.js'

const HELP = `
A run is given by its path, its id, or the beginning of it. "latest" and "best"
mark those that a resumed run goes on from: the newest and the best one that is
good. Without --verify the sizes of the files are compared, and the checksum of
each checkpoint.json; --verify reads every byte.

Examples:
  offstep checkpoints baseline
  offstep checkpoints baseline --verify
  offstep checkpoints baseline --json | jq '.checkpoints[] | select(.best).path'

Exit code: 0 listed; 1 a checkpoint is damaged; 2 wrong usage, or no such run.`

/** What commander makes of the options of `offstep checkpoints`. */
export interface CheckpointsCommandOptions {
  readonly verify?: boolean
}

export function registerCheckpoints(program: Command): void {
  program
    .command('checkpoints')
    .summary('list the checkpoints of a run, and check them')
    .description('Lists the checkpoints of a run: step, age, size, metrics, which is best.')
    .argument('<run>', 'a run, by path, id, or the beginning of an id')
    .option('--verify', 'read every byte, and compare it with what was saved')
    .addHelpText('after', HELP)
    .action(async (run: string, _options: CheckpointsCommandOptions, command: Command) => {
      const { checkpoints } = await import('./checkpoints/checkpoints.js')
      const options = command.optsWithGlobals<CheckpointsCommandOptions & { dir?: string }>()
      process.exitCode = checkpoints(run, options, outputOf(command))
    })
}
