import { SCOPES } from './benchmark.js'
import { compareCommand } from './report/compare/command.js'
import { documentCommand } from './report/document/command.js'
import { ReportError } from './report/file.js'
import { runCommand } from './run.js'
import { BENCHMARKS } from './suite.js'
import { UsageError } from './usage.js'

const USAGE = `npm run bench -- [all | scope ... | name ...] [--seconds n] [--quick] [--json file]
npm run bench -- compare old.json new.json [--threshold percent] [--fail-on-slower]
npm run bench -- document report.json ...

Scopes:
  ${SCOPES.join(' ')}

Names, and the scopes that they belong to:
${BENCHMARKS.map(({ name, scopes, about }) => `  ${name.padEnd(18)} ${about} (${scopes.join(', ')})`).join('\n')}
`

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!isMistake(error)) throw error
  const usage = error instanceof ReportError ? '' : `\n${USAGE}`
  process.stderr.write(`bench: ${error.message}\n${usage}`)
  process.exitCode = 2
}

async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args
  if (args.includes('--help')) process.stdout.write(USAGE)
  else if (command === 'compare') compareCommand(rest)
  else if (command === 'document') await documentCommand(rest)
  else await runCommand(args)
}

/** Of whoever typed the command, parseArgs' complaints among them. */
function isMistake(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof ReportError) return true
  return String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
}
