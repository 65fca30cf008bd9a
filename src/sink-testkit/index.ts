/** Tests that a sink keeps the contract of docs/custom-sinks.md, for any test runner. */
import { type SinkTest, sinkTests } from './tests.js'
import { type SinkTarget, SinkTestError } from './types.js'

export { type SinkTest, sinkTests } from './tests.js'
export { type Fault, type JournalRow, type Place, type SinkTarget, SinkTestError } from './types.js'

/** `test` of node:test, vitest, jest, or anything that takes a name and a function. */
export type RegisterTest = (name: string, run: () => Promise<void>) => unknown

/** Registers every test of a sink: `describeSink(test, 'my sink', { sink, read })`. */
export function describeSink(test: RegisterTest, name: string, target: SinkTarget): void {
  for (const { name: rule, run } of sinkTests(target)) test(`${name}: ${rule}`, () => run())
}

/** Runs every test, one after the other. Rejects with one SinkTestError that lists what does not hold. */
export async function testSink(target: SinkTarget): Promise<void> {
  const failures: { readonly test: SinkTest; readonly error: unknown }[] = []
  for (const test of sinkTests(target)) {
    try {
      await test.run()
    } catch (error) {
      failures.push({ test, error })
    }
  }
  if (failures.length === 0) return
  const lines = failures.map(({ test, error }) => `  ${test.name}: ${(error as Error).message}`)
  throw new SinkTestError(`the sink fails ${failures.length} tests:\n${lines.join('\n')}\n`, {
    cause: failures[0]!.error,
  })
}
