import * as v from 'valibot'

const MIB = 2 ** 20
/** S3 takes no smaller part, but for the last one. */
const MIN_PART_BYTES = 5 * MIB

const text = v.pipe(v.string('give a text'), v.trim(), v.nonEmpty('give a text that is not empty'))

const ADDRESS = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/
const address = v.pipe(
  v.string('give the address of a bucket: "s3://bucket/prefix"'),
  v.trim(),
  v.regex(ADDRESS, 'give the address of a bucket: "s3://bucket/prefix"'),
)

/** What `{ type: 's3', ... }` takes. Credentials are none of it: they are the AWS environment's. */
export const s3Options = v.strictObject(
  {
    url: address,
    /** By default that of the AWS environment; with an endpoint of one's own, `us-east-1`. */
    region: v.optional(text),
    /** Of another S3 than Amazon's: `http://127.0.0.1:9000`. By default AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL. */
    endpoint: v.optional(v.pipe(text, v.url('give the address of a server: "https://s3.example.org"'))),
    /** `endpoint/bucket/key` in place of `bucket.endpoint/key`. By default true with an endpoint of one's own. */
    forcePathStyle: v.optional(v.boolean('give true or false')),
    /** A file that is larger is sent in parts of this size. */
    partBytes: v.optional(
      v.pipe(
        v.number('give a number of bytes'),
        v.safeInteger('give a whole number of bytes'),
        v.minValue(MIN_PART_BYTES, `give ${MIN_PART_BYTES} (5 MiB) or more`),
        v.maxValue(512 * MIB, 'give 512 MiB at most'),
      ),
      8 * MIB,
    ),
    /** That of the run, when it began: `offline` keeps the sink off the network until `offstep sync`. */
    mode: v.optional(v.picklist(['online', 'offline'])),
    /** The engine's: the longest that a slice may take, in ms. */
    timeoutMs: v.optional(v.number()),
  },
  'the sink "s3" has no such option',
)

export type S3Options = v.InferOutput<typeof s3Options>

export interface BucketPlace {
  readonly bucket: string
  /** Empty, or with a `/` at its end. */
  readonly prefix: string
}

export function placeOf(url: string): BucketPlace {
  const [, bucket = '', path = ''] = ADDRESS.exec(url.trim())!
  const prefix = path
    .split('/')
    .filter((part) => part !== '')
    .join('/')
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
}
