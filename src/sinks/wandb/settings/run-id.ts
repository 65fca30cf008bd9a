import { createHash } from 'node:crypto'
import { SinkError } from '../../errors.js'

/** W&B's limits: https://docs.wandb.ai/ref/python/init, "id". */
export const MAX_ID_LENGTH = 64
const FORBIDDEN = /[/\\#?%:]/
const HASH_LENGTH = 8

/** An id that a person has given. Throws a `pause` SinkError for one that W&B would not take. */
export function checkedRunId(id: string): string {
  if (id.length <= MAX_ID_LENGTH && !FORBIDDEN.test(id)) return id
  const fix = `give at most ${MAX_ID_LENGTH} characters, without / \\ # ? % :`
  throw new SinkError('pause', 'WANDB_RUN_ID', `"${id}" cannot be a run id at W&B: ${fix} (WANDB_RUN_ID)`)
}

/** offstep's own id of a run; where W&B would not take it, a part of it and its hash. */
export function runIdFrom(id: string): string {
  if (id.length <= MAX_ID_LENGTH && !FORBIDDEN.test(id)) return id
  const hash = createHash('sha256').update(id).digest('hex').slice(0, HASH_LENGTH)
  return `${id.replace(/[/\\#?%:]/g, '-').slice(0, MAX_ID_LENGTH - HASH_LENGTH - 1)}-${hash}`
}
