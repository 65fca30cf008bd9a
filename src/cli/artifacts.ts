import type { Command } from 'commander'
import { outputOf } from './output.js'

const HELP = `
A run is given by its path, its id, or the beginning of it. A version is
model:v3, model:best (an alias), or model (the newest). --get checks each file
by its SHA-256 before it has its name in the directory; what has that name there
is replaced. References are told, and not fetched.

Examples:
  offstep artifacts baseline
  offstep artifacts baseline --get model:best --out restored

Exit code: 0 listed, or taken out; 1 a file is gone or damaged, or there is no
such version; 2 wrong usage, or no such run.`

/** What commander makes of the options of `offstep artifacts`. */
export interface ArtifactsCommandOptions {
  readonly get?: string
  readonly out?: string
}

export function registerArtifacts(program: Command): void {
  program
    .command('artifacts')
    .summary('list the artifacts of a run, and take their files out')
    .description('Lists the artifacts of a run with their versions, or takes the files of one out.')
    .argument('<run>', 'a run, by path, id, or the beginning of an id')
    .option('-g, --get <version>', 'take the files of this version out')
    .option('-o, --out <dir>', 'into this directory')
    .addHelpText('after', HELP)
    .action(async (run: string, _options: ArtifactsCommandOptions, command: Command) => {
      const { artifacts } = await import('./artifacts/artifacts.js')
      const options = command.optsWithGlobals<ArtifactsCommandOptions & { dir?: string }>()
      process.exitCode = artifacts(run, options, outputOf(command))
    })
}
