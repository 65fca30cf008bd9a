/** One wrong option: where it is, what was there, and what to write instead. */
export interface OptionProblem {
  /** `ring.capacityBytes`, `sinks[1].name`, or the name of the environment variable. */
  readonly path: string
  /** Type and short value; the value of a secret-looking option is left out. */
  readonly given: string
  readonly fix: string
}

/**
 * The options of `init()`, or the file that holds them, are wrong. Thrown before anything is started or
 * written. `message` lists every problem, one a line; correct them and start again: a retry cannot help.
 */
export class OptionsError extends Error {
  readonly code = 'OFFSTEP_OPTIONS'
  readonly retryable = false
  /** Empty where the file as a whole could not be read. */
  readonly problems: readonly OptionProblem[]

  constructor(message: string, problems: readonly OptionProblem[] = []) {
    super(message)
    this.name = 'OptionsError'
    this.problems = problems
  }

  static fromProblems(problems: readonly OptionProblem[]): OptionsError {
    const head =
      problems.length === 1 ? '1 option of offstep is' : `${problems.length} options of offstep are`
    const lines = problems.map(({ path, given, fix }) => `  ${path}: given ${given}; ${fix}`)
    return new OptionsError(`${head} wrong:\n${lines.join('\n')}`, problems)
  }
}
