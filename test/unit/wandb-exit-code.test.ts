import { expect, test } from 'vitest'
import type { RunStatus } from '../../src/sinks/sink.js'
import { exitCodeOf } from '../../src/sinks/wandb/run/exit-code.js'

const code = (status: RunStatus, exitCode?: number): number =>
  exitCodeOf({ status, endTime: 0, ...(exitCode === undefined ? {} : { exitCode }) })

test('the exit code at W&B is that of the process, where it says the same as the status', () => {
  expect(code('failed', 3)).toBe(3)
  expect(code('completed', 0)).toBe(0)
  expect(code('killed', 143)).toBe(143)
})

test('a status that contradicts the code, or has none, has a code of its own', () => {
  expect(code('failed')).toBe(1)
  expect(code('crashed')).toBe(1)
  expect(code('killed')).toBe(255)
  expect(code('completed')).toBe(0)
  // A program that marks its run as failed and ends well itself.
  expect(code('failed', 0)).toBe(1)
  expect(code('completed', 7)).toBe(0)
})
