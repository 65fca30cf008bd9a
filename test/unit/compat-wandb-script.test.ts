/** One script, with @wandb/sdk and with offstep/wandb, against the scripted W&B server. */
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import type { ListedFault } from '../support/wandb-server/script.js'
import { startWandbServer, TEST_KEY, type WandbServer } from '../support/wandb-server/server.js'

type Row = { [name: string]: unknown }

interface Outcome {
  readonly server: WandbServer
  readonly rows: readonly Row[]
  readonly stdout: string
  readonly stderr: string
}

interface Surroundings {
  readonly env?: Record<string, string>
  readonly faults?: readonly ListedFault[]
}

async function runScript(pkg: string, { env = {}, faults = [] }: Surroundings = {}): Promise<Outcome> {
  const server = await startWandbServer({ faults })
  onTestFinished(() => server.stop())
  const dir = temporaryDirectory()
  const program = startProgram('wandb/drop-in.mjs', {
    args: [pkg],
    dir,
    env: { OFFSTEP_DIR: dir, WANDB_API_KEY: TEST_KEY, WANDB_BASE_URL: server.url, ...env },
  })
  expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
  const rows = server.run('same-script').history.map((line) => flat(line))
  return { server, rows, stdout: program.stdout, stderr: program.stderr }
}

/** Nested objects by joined names, booleans as numbers, without what each client adds by itself. */
function flat(value: object, prefix = ''): Row {
  const entries = Object.entries(value).flatMap(([name, part]): [string, unknown][] => {
    if (['_timestamp', '_runtime'].includes(name)) return []
    if (typeof part === 'object' && part !== null) return Object.entries(flat(part, `${prefix}${name}.`))
    return [[prefix + name, typeof part === 'boolean' ? Number(part) : part]]
  })
  return Object.fromEntries(entries)
}

test('the script runs unchanged but for its import, and delivers each row and value that @wandb/sdk delivers', async () => {
  const [theirs, ours] = [await runScript('@wandb/sdk'), await runScript('offstep/wandb')]
  expect(theirs.rows).toHaveLength(62)
  const known = theirs.rows.map((row) => Object.entries(row).filter(([, value]) => value !== null))
  for (const [index, row] of known.entries()) expect(ours.rows[index]).toMatchObject(Object.fromEntries(row))
  expect(ours.rows).toHaveLength(62)
  expect(ours.rows.at(-2)).toMatchObject({
    _step: 60,
    diverged: Number.NaN,
    part: 1,
    accuracy: 0.5,
    right: 1,
  })
  expect(ours.server.errors).toEqual([])
  // What it prints, of the address of its run too, is the same.
  const printed = ({ stdout, server }: Outcome) => stdout.replaceAll(server.url, 'server')
  expect(printed(ours)).toBe(printed(theirs))
  expect(printed(ours)).toContain('url server/test-entity/drop-in/runs/same-script\n')
  expect(ours.stderr).not.toMatch(/warning/i)
})

test('the run is complete at W&B, with the config in the shape that W&B resumes', async () => {
  const { server } = await runScript('offstep/wandb', { env: { WANDB_SILENT: 'true' } })
  const run = server.run('same-script')
  expect(run).toMatchObject({ complete: true, exitCode: 0, project: 'drop-in' })
  expect(run.fields.displayName).toBe('the same script')
  expect(run.config).toMatchObject({ lr: { value: 0.1 }, layers: { value: 3 } })
  expect(run.config).toHaveProperty('_wandb.value.t')
})

test('where requests fail, which costs @wandb/sdk their rows, every row is there once', async () => {
  const failing = { kind: 'status', status: 500, on: 'file_stream' } as const
  const { rows, server } = await runScript('offstep/wandb', { faults: [failing, failing] })
  expect(rows.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 62 }, (_, epoch) => epoch))
  expect(server.errors).toEqual([])
})
