import type { Command } from 'commander'
import { outputOf } from './output.js'

const SHOW_HELP = `
A later one of these wins: default, preset, file, environment (OFFSTEP_DIR,
OFFSTEP_MODE, OFFSTEP_PRESET), argument. Without --file, the options file is
looked for as readOptions() does. --yaml prints a file that it reads.

Examples:
  offstep config show --preset production
  offstep config show --preset full --yaml > offstep.config.yaml

Exit code: 0; 2 wrong options, or no such file.`

const SCHEMA_HELP = `
For editors: put it beside your options, or name the one in the package:
  JSON   "$schema": "./node_modules/offstep/schema/offstep.schema.json"
  YAML   # yaml-language-server: $schema=
         node_modules/offstep/schema/offstep.schema.json   (on the same line)

Exit code: 0.`

export interface ShowFlags {
  readonly preset?: string
  readonly file?: string
  readonly profile?: string
  readonly yaml?: boolean
  readonly dir?: string
}

export function registerConfig(program: Command): void {
  const config = program
    .command('config')
    .summary('print the options of init(), and where each comes from')
    .description('Looks at options of runs: presets, files, the environment.')
    .addHelpText('after', '\nExit code: 0; 2 wrong options, or no such file.')
  config
    .command('show')
    .summary('print the options that are in force')
    .description('Prints every option that init() would use here, and where it comes from.')
    .option('--preset <name>', 'basic, full, stability, benchmark or production')
    .option('--file <path>', 'an options file (.json, .yaml, .yml)')
    .option('--profile <name>', 'a profile of that file (default: OFFSTEP_PROFILE)')
    .option('--yaml', 'print YAML that can be used as an options file')
    .addHelpText('after', SHOW_HELP)
    .action(async (_options: object, command: Command) => {
      const { show } = await import('./config/show.js')
      process.exitCode = show(command.optsWithGlobals<ShowFlags>(), outputOf(command))
    })
  config
    .command('schema')
    .summary('print the JSON Schema of options files')
    .description('Prints the JSON Schema of options files.')
    .addHelpText('after', SCHEMA_HELP)
    .action(async () => {
      const { printSchema } = await import('./config/schema.js')
      process.exitCode = printSchema()
    })
}
