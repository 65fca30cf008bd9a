/** What is told once of rows that came too late for a place of their own (docs/decisions/016-wandb-steps.md). */
export const LATE_ROWS =
  'rows came with a step below lines that were closed already; they are in later lines, with their step as "offstep/step"'
