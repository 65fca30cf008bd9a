import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { MediaFile, MediaRecord, MediaRecordOf } from '../../../src/record/media.js'
import type { JsonObject } from '../../../src/store/run-context.js'
import { writeRunFile } from '../../../src/store/run-file.js'
import { type RowLiteral, START_TIME } from './batches.js'

const MEDIA_PRODUCER = 65535

/** A media row, as the journal has it: of a producer that is none of the run's own. */
export const mediaRow = (media: MediaRecord, step = 0, row: RowLiteral = {}): RowLiteral => ({
  ...row,
  step,
  producer: MEDIA_PRODUCER,
  media,
})

export const textRecord = (name: string, text: string, producer = 0): MediaRecordOf<'text'> => ({
  kind: 'text',
  name,
  producer,
  value: { text },
})

export const hparamsRecord = (
  values: MediaRecordOf<'hparams'>['value'] & object,
  producer = 0,
): MediaRecord => ({ kind: 'hparams', name: 'hparams', producer, value: values })

/** A picture whose file is in the run directory. Its bytes are no picture: the sink does not look into it. */
export function imageRecord(runDir: string, name: string, bytes: Uint8Array): MediaRecordOf<'image'> {
  const file = mediaFile(
    runDir,
    `media/image/${name}/${createHash('sha1').update(bytes).digest('hex')}.png`,
    bytes,
  )
  return { kind: 'image', name, producer: 0, value: { format: 'png', width: 3, height: 2 }, file }
}

export function mediaFile(runDir: string, path: string, bytes: Uint8Array): MediaFile {
  mkdirSync(dirname(join(runDir, path)), { recursive: true })
  writeFileSync(join(runDir, path), bytes)
  return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** A run.json with this config. */
export function runFile(runDir: string, config: JsonObject): void {
  writeRunFile(runDir, {
    format: 1,
    id: 'baseline_20241119_070640_0123abcd',
    project: 'tinystories',
    name: 'baseline',
    status: 'running',
    startTime: new Date(START_TIME).toISOString(),
    endTime: null,
    durationSeconds: null,
    config,
    configSha256: null,
    tags: [],
    notes: '',
    group: null,
    jobType: null,
    git: null,
    command: null,
    software: null,
    hardware: null,
    producers: [],
    sinks: [],
  })
}
