import type { Command } from 'commander'
import { outputOf } from './output.js'

const HELP = `
Takes less than 5 s, whatever does not answer. Destinations are looked at where
the environment names them: WANDB_API_KEY, WANDB_BASE_URL or netrc for W&B,
MLFLOW_TRACKING_URI, NATS_URL. Keys are neither sent nor shown.

Exit code: 0 all is well, or warnings only; 1 something failed.`

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('check this machine: Node, disk, destinations, GPUs, clock')
    .description('Checks what a run needs of this machine, and says how to mend what is wrong.')
    .option('--all-destinations', 'also look for W&B, MLflow and NATS where nothing names them')
    .addHelpText('after', HELP)
    .action(async (options: { allDestinations?: boolean }, command: Command) => {
      const { doctor } = await import('./doctor/doctor.js')
      const { dir } = command.optsWithGlobals<{ dir?: string }>()
      process.exitCode = await doctor(
        { ...options, ...(dir === undefined ? {} : { dir }) },
        outputOf(command),
      )
    })
}
