/** Rows that arrive when things go wrong: one script with @wandb/sdk, and with offstep/wandb in its place. */
import type { Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { startProgram } from './wandb-program.js'
import { BenchServer } from './wandb-server.js'

const CLIENTS = { '@wandb/sdk': '@wandb/sdk', offstep: '../../src/compat/wandb/index.js' } as const
type Client = keyof typeof CLIENTS

interface Script {
  readonly rows: number
  /** 0: all at once. */
  readonly everyMs: number
  /** From the last row to `finish()`. */
  readonly restMs: number
  readonly kill: boolean
}

interface Told {
  readonly callUs: { readonly p50: number; readonly p99: number }
  readonly stallMs: number
  readonly finishMs: number
  /** As offstep counts them. */
  readonly delivered: number
}

interface Case {
  readonly name: string
  readonly script: Script
  readonly env?: { readonly [name: string]: string }
  /** What goes wrong, beside the script. */
  readonly meanwhile?: (server: BenchServer) => Promise<void>
}

const PACED: Script = { rows: 100, everyMs: 20, restMs: 0, kill: false }
const OUTAGE_MS = 3000

const CASES = (rows: number): readonly Case[] => [
  { name: 'nothing goes wrong', script: PACED },
  { name: '500 twice', script: PACED, meanwhile: (server) => server.fail([500, 500]) },
  { name: '429 once', script: PACED, meanwhile: (server) => server.fail([429]) },
  {
    name: 'no connection for 3 s',
    script: { ...PACED, restMs: 2 * OUTAGE_MS },
    async meanwhile(server) {
      await server.upserted
      await server.refuse()
      await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS))
      await server.listen()
    },
  },
  { name: 'all at once', script: { ...PACED, rows, everyMs: 0 } },
  { name: 'offline, in a file', script: PACED, env: { WANDB_MODE: 'offline' } },
  { name: 'kill -9, and the next run', script: { ...PACED, rows: 50, kill: true } },
]

export async function faultFigures({ quick }: Settings): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const one of CASES(quick ? 20_000 : 100_000)) {
    for (const client of Object.keys(CLIENTS) as Client[]) figures.push(await rowsDelivered(one, client))
  }
  return figures
}

function rowsDelivered({ name, script, env, meanwhile }: Case, client: Client): Promise<Figure> {
  return withDirectory((dir) =>
    BenchServer.use(async (server) => {
      const variables = { ...server.env, OFFSTEP_DIR: dir, ...env }
      const parameters = { ...script, client: CLIENTS[client] }
      const trouble = meanwhile?.(server)
      // @wandb/sdk prints the stack of each request that fails.
      const errors = client === 'offstep' ? 'inherit' : 'ignore'
      const told = await startProgram<Told>('wandb-script', parameters, variables, errors).result
      await trouble
      if (script.kill && client === 'offstep') await startProgram('wandb-recover', { dir }, variables).result
      const rows = env === undefined ? (await server.counts()).rows : (told?.delivered ?? 0)
      const target = client === 'offstep' ? { target: { atLeast: script.rows } } : {}
      return {
        name: `${name}: ${client}`,
        measured: rows,
        unit: 'rows',
        ...target,
        note: noteOf(script, told),
      }
    }),
  )
}

function noteOf({ rows }: Script, told: Told | null): string {
  if (told === null) return `of ${rows}`
  const { callUs, stallMs, finishMs } = told
  const calls = `a call ${callUs.p50.toFixed(1)} us (p99 ${callUs.p99.toFixed(0)})`
  const held = `event loop held up ${stallMs.toFixed(0)} ms`
  return `of ${rows}; ${calls}, ${held}, finish() ${(finishMs / 1000).toFixed(1)} s`
}
