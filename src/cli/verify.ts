import type { Command } from 'commander'
import { outputOf } from './output.js'

const HELP = `
A run is given by its path, its id, or the beginning of it. Checked are
run.json, the journal (framing, checksums, sequence numbers), the cursors, and
the files of each local sink, byte for byte, against the journal. Nothing is
changed without --repair; a live run is checked as far as its journal goes.

--repair writes damaged local sinks again from the journal. Where the journal
has lost records that a file may still hold, the file is kept beside the new one
as <name>.before-repair.

Examples:
  offstep verify baseline
  offstep verify runs/tinystories/baseline_20260102_030405_0123abcd --repair
  offstep verify baseline --json | jq .sound

Exit code: 0 sound; 1 damaged, or still damaged after the repair; 2 wrong
usage, or no such run; 130 interrupted.`

/** What commander makes of the options of `offstep verify`. */
export interface VerifyCommandOptions {
  readonly repair?: boolean
  readonly sink?: readonly string[]
}

export function registerVerify(program: Command): void {
  program
    .command('verify')
    .summary('check the journal and the files of a run, and repair them')
    .description('Checks a run: what is damaged, how many records it costs, and what to do.')
    .argument('<run>', 'a run, by path, id, or the beginning of an id')
    .option('-r, --repair', 'write damaged local sinks again from the journal')
    .option('-s, --sink <name>', 'check only this sink (repeatable)', collect)
    .addHelpText('after', HELP)
    .action(async (run: string, _options: VerifyCommandOptions, command: Command) => {
      const { verify } = await import('./verify/verify.js')
      const options = command.optsWithGlobals<VerifyCommandOptions & { dir?: string }>()
      process.exitCode = await verify(run, options, outputOf(command))
    })
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(',').map((name) => name.trim())]
}
