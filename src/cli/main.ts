#!/usr/bin/env node
/**
 * The command line. This file is the frame: options of all commands, errors and exit codes. Each command is a file
 * of its own that only describes it; what it does is loaded when it runs, so that `offstep --help` starts fast.
 */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { registerArtifacts } from './artifacts.js'
import { registerCheckpoints } from './checkpoints.js'
import { registerCompare } from './compare.js'
import { registerCompletion } from './completion.js'
import { registerConfig } from './config.js'
import { registerDoctor } from './doctor.js'
import { EXIT, explain } from './errors.js'
import { registerExport } from './export.js'
import { registerImport } from './import.js'
import { registerList } from './list.js'
import { createOutput, hasColors } from './output.js'
import { registerPlot } from './plot.js'
import { registerQuery } from './query.js'
import { registerRemove } from './remove.js'
import { registerReport } from './report.js'
import { registerShow } from './show.js'
import { registerSummary } from './summary.js'
import { registerSync } from './sync.js'
import { registerTail } from './tail.js'
import { registerVerify } from './verify.js'
import { registerWatch } from './watch.js'

const COMMANDS = [
  registerList,
  registerShow,
  registerSummary,
  registerCompare,
  registerPlot,
  registerTail,
  registerWatch,
  registerCheckpoints,
  registerArtifacts,
  registerExport,
  registerQuery,
  registerImport,
  registerReport,
  registerSync,
  registerVerify,
  registerRemove,
  registerConfig,
  registerDoctor,
]

function version(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

async function createProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('offstep')
    .description('Experiment tracking that stays off the training step: look after runs and deliver them')
    .version(version(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help, or that of a command')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--dir <path>', 'where runs are (default: OFFSTEP_DIR, else ./runs)')
    .option('--json', 'print JSON for programs')
    .option('--no-color', 'print without colours (also: NO_COLOR=1)')
    .configureHelp({
      showGlobalOptions: true,
      styleTitle: (title) => createOutput({ color: true }).out.bold(title),
    })
    .configureOutput({
      getOutHasColors: () => hasColors(process.stdout),
      getErrHasColors: () => hasColors(process.stderr),
    })
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
  for (const register of COMMANDS) register(program)
  await registerCompletion(program, argv)
  return program
}

/** Runs one command line. Resolves with the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(argv)
    if (argv.length <= 2) program.outputHelp()
    else await program.parseAsync(argv)
    return Number(process.exitCode ?? EXIT.ok)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const { message, exitCode } = explain(error)
    createOutput({ color: !argv.includes('--no-color') }).problem(message)
    return exitCode
  }
}

// `offstep ... | head`: whoever reads has had enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
})

const exitCode = await main(process.argv)
// Not by itself: a sink of the user's may keep the loop alive with a socket.
process.stdout.write('', () => process.exit(exitCode))
