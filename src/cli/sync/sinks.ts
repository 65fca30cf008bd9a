import { describeValue } from '../../options/describe.js'
import { type OptionProblem, OptionsError } from '../../options/errors.js'
import type { ResolvedSink } from '../../options/options.js'
import { parseSink } from '../../options/sinks.js'
import { didYouMean } from '../../options/suggest.js'

/** What `--sink` asks of one run. */
export interface SinkChoice {
  readonly only: readonly string[]
  /** Sinks that the run does not have. */
  readonly add: readonly ResolvedSink[]
  /** Sinks that the run has, whose options are given anew (secrets are not kept in run.json). */
  readonly sinks: readonly ResolvedSink[]
}

/** Null: all sinks that the run has. */
export type SinkChooser = (has: readonly ResolvedSink[]) => SinkChoice | null

/**
 * `given`: names of built-in sinks, names of sinks that some run has, or JSON objects as in `init({ sinks })`.
 * Throws the OptionsError that `init()` throws, for all that are neither.
 */
export function chooseSinks(
  given: readonly string[] | undefined,
  runs: readonly { readonly sinks: readonly ResolvedSink[] }[],
): SinkChooser {
  if (given === undefined) return () => null
  const known = new Set(runs.flatMap(({ sinks }) => sinks.map(({ name }) => name)))
  const problems: OptionProblem[] = []
  const wanted = given.map((text) => parse(text, known, problems))
  if (problems.length > 0) throw OptionsError.fromProblems(problems)
  return (has) => {
    const names = new Set(has.map(({ name }) => name))
    const specified = wanted.flatMap(({ sink }) => (sink === null ? [] : [sink]))
    return {
      only: wanted.filter(({ name, sink }) => sink !== null || names.has(name)).map(({ name }) => name),
      add: specified.filter(({ name }) => !names.has(name)).map(online),
      sinks: wanted.flatMap(({ name, sink, replaces }) =>
        sink && replaces && names.has(name) ? [sink] : [],
      ),
    }
  }
}

/** Who asks for W&B or MLflow now means its server, whatever WANDB_MODE says to runs that begin. */
const online = (sink: ResolvedSink): ResolvedSink =>
  sink.module === null && (sink.name === 'wandb' || sink.name === 'mlflow')
    ? { ...sink, options: { mode: 'online', ...sink.options } }
    : sink

interface Wanted {
  readonly name: string
  /** Null: a sink that only the runs that have it can have. */
  readonly sink: ResolvedSink | null
  /** The user gave options: they hold in place of what run.json says. */
  readonly replaces: boolean
}

function parse(text: string, known: ReadonlySet<string>, problems: OptionProblem[]): Wanted {
  const spec = text.startsWith('{') ? parseJson(text, problems) : text
  const before = problems.length
  const found: OptionProblem[] = []
  const sink = parseSink(spec, (path, value, fix) =>
    found.push({ path: ['--sink', ...path].join('.'), given: describeValue(value, path), fix }),
  )
  const name = sink?.name ?? text
  if (sink === null && known.has(text)) return { name, sink: null, replaces: false }
  if (problems.length === before && spec !== null)
    problems.push(...found.map((problem) => withKnown(problem, text, known)))
  return { name, sink, replaces: typeof spec === 'object' }
}

/** Runs may have sinks of the user's own, whose names `init()` cannot know. */
function withKnown(problem: OptionProblem, text: string, known: ReadonlySet<string>): OptionProblem {
  if (problem.fix.includes('did you mean')) return problem
  return { ...problem, fix: `${problem.fix}${didYouMean(text, [...known])}` }
}

function parseJson(text: string, problems: OptionProblem[]): unknown {
  try {
    return JSON.parse(text)
  } catch {
    problems.push({
      path: '--sink',
      given: 'an object that is not valid JSON',
      fix: 'quote it for the shell: \'{"module": "./my-sink.js", "name": "mine"}\'',
    })
    return null
  }
}
