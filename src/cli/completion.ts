import type { Command } from 'commander'
import { CliError } from './errors.js'

const HELP = `
Completes commands, options, runs and names of metrics.

  bash   echo 'source <(offstep completion bash)' >> ~/.bashrc
  zsh    echo 'source <(offstep completion zsh)' >> ~/.zshrc
  fish   offstep completion fish > ~/.config/fish/completions/offstep.fish

Exit code: 0; 2 a shell that is none of them.`

const NAME = 'completion'
/** What the shell calls at each press of the tab key. */
const REQUEST = 'complete'

/** Loads what knows of shells where it is asked for only: nothing else of the command line waits for it. */
export async function registerCompletion(program: Command, argv: readonly string[]): Promise<void> {
  const asked = argv[2] === NAME || argv[2] === REQUEST
  if (asked) {
    const { addCompletion } = await import('./completion/add-completion.js')
    addCompletion(program, NAME)
  } else {
    program
      .command(NAME)
      .argument('<shell>', 'bash, zsh, fish or powershell')
      .action(() => {
        throw new CliError(`write it as the first word: offstep ${NAME} bash`)
      })
  }
  program.commands
    .find((command) => command.name() === NAME)!
    .summary('print the script that completes commands in a shell')
    .description('Prints a script for bash, zsh, fish or PowerShell that completes commands of offstep.')
    .addHelpText('after', HELP)
}
