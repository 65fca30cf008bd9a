import { type Command, Option } from 'commander'
import { outputOf } from './output.js'

const HELP = `
Tables:
  runs      id, project, name, status, start_time, end_time, duration, tags,
            "group", job_type, notes, config (JSON), git_commit, git_branch,
            exit_code, host, url, dir, resumes
  summary   run, name, first, last, min, max, mean, best, <each>_step, count,
            non_finite
  checkpoints
            run, step, epoch, time, bytes, metrics (JSON), best, latest,
            damaged, attempt, git_commit, path
  artifacts run, name, version, type, aliases, files, bytes, step, time,
            digest, metadata (JSON)
  metrics   run, producer, step, time, name, value

A query that names "metrics" first reads the journals of the runs (about 1.5
million values per second): narrow them down with --filter. DuckDB is an
optional package: npm install @duckdb/node-api.

Examples:
  offstep query "select status, count(*), avg(duration) from runs group by all"
  offstep query "select r.name, config->>'lr' as lr, s.min, s.min_step
    from runs r join summary s on s.run = r.id
    where s.name = 'val/loss' order by s.min limit 10"
  offstep query --filter 'tag = sweep' --format csv "select run, time_bucket(
    interval '1 minute', time) as minute, avg(value) from metrics
    where name = 'loss' group by all order by all"

Exit code: 0 answered; 2 wrong usage, or SQL that DuckDB refuses.`

/** What commander makes of the options of `offstep query`. */
export interface QueryCommandOptions {
  readonly filter?: string
  readonly project?: string
  readonly format?: 'table' | 'csv' | 'json'
}

export function registerQuery(program: Command): void {
  program
    .command('query')
    .summary('ask about runs and metrics in SQL')
    .description('Runs a query of SQL over the runs below the directory (DuckDB, in memory).')
    .argument('<sql>', 'the query, in quotes')
    .option('-f, --filter <expression>', 'only these runs (see: offstep list --help)')
    .option('-p, --project <name>', 'only runs of this project')
    .addOption(
      new Option('-F, --format <format>', 'how to print (default: table)').choices(['table', 'csv', 'json']),
    )
    .addHelpText('after', HELP)
    .action(async (sql: string, _options: QueryCommandOptions, command: Command) => {
      const { query } = await import('./query/query.js')
      const options = command.optsWithGlobals<QueryCommandOptions & { dir?: string }>()
      process.exitCode = await query(sql, options, outputOf(command))
    })
}
