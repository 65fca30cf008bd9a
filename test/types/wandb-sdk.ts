/**
 * Code that was written to @wandb/sdk compiles with offstep/wandb: checked by `npx tsc -p test`, run by nobody. Its
 * types are compared without what is theirs inside (`_messenger`), and by functions' types instead of methods':
 * TypeScript lets a method take less than the one that it stands for.
 */
import type { wandb as theirs } from '@wandb/sdk'
import type { Run as OurRun, SDK as OurSdk } from '../../src/compat/wandb/index.js'

type TheirSdk = typeof theirs
type TheirRun = Awaited<ReturnType<TheirSdk['init']>>
type TheirInitOptions = NonNullable<Parameters<TheirSdk['init']>[0]>

/** Methods as properties that are functions: their parameters are compared strictly. */
type Strict<T> = {
  [Name in keyof T]: T[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Result
    : T[Name]
}
type PublicRun = Strict<Omit<TheirRun, '_messenger'>>
type PublicSdk = Strict<Omit<TheirSdk, 'init' | 'runPromise'>> & {
  init: (options?: TheirInitOptions) => Promise<PublicRun>
  runPromise: Promise<PublicRun> | null
}

/** Compiles only where `Given` can stand for `Wanted`. */
type StandsFor<Wanted, Given extends Wanted> = Given
export type SdkStandsForTheirs = StandsFor<PublicSdk, OurSdk>
export type RunStandsForTheirs = StandsFor<PublicRun, OurRun>

/** Narrower than theirs: the check above must not take it. */
interface NarrowRun extends Omit<OurRun, 'log'> {
  log(data: Record<string, number>, step?: number, commit?: boolean): void
}
// @ts-expect-error A log() that takes numbers alone cannot stand for theirs.
export type NarrowIsFound = StandsFor<PublicRun, NarrowRun>

/** Code as it is written to @wandb/sdk, with ours. */
export async function program(wandb: OurSdk, options: TheirInitOptions): Promise<string> {
  const key: string = await wandb.login({ key: 'key', host: 'https://api.wandb.ai', relogin: false })
  const run = await wandb.init({ ...options, settings: { baseUrl: 'https://api.wandb.ai', apiKey: key } })
  const values: Record<string, unknown> = { loss: 0.5, nested: { any: 'thing' }, list: [1, 2] }
  run.log(values)
  run.log(values, 3, false)
  wandb.log(values, run.step, true)
  const named: string | undefined = run.name
  await run.finish(0)
  await wandb.finish()
  return `${run.url()} ${run.id} ${run.entity} ${run.project} ${run.settings.baseUrl} ${named}`
}
