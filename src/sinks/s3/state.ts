import * as v from 'valibot'
import type { ArtifactHead } from '../../artifact/versions.js'
import { SinkError } from '../errors.js'
import type { SinkState } from '../sink.js'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const head = v.object({
  version: count,
  digest: v.string(),
  aliases: v.array(v.tuple([v.string(), count])),
  /** The bucket does not have the newest version, since its files were gone: the same content brings it. */
  missing: v.optional(v.boolean()),
})

/** Pairs in place of objects: a name may be "__proto__". */
const s3State = v.object({ heads: v.array(v.tuple([v.string(), head])) })

export type S3Head = ArtifactHead & { readonly missing?: boolean | undefined }
/** Where each artifact has come to, by name. */
export type S3Heads = Map<string, S3Head>

/** Throws a `rebuild` SinkError where the state is none of ours: what the bucket has is then found there again. */
export function parseHeads(state: SinkState | null): S3Heads {
  if (state === null) return new Map()
  const result = v.safeParse(s3State, state)
  if (result.success) return new Map(result.output.heads)
  throw new SinkError('rebuild', 'STATE_INVALID', 'the cursor of the sink "s3" cannot be read')
}
