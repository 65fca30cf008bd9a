/** What imported files say beside their metrics: hyper-parameters, printed lines, samples of the machine. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findSources } from '../../src/import/find-sources.js'
import { importRun } from '../../src/import/import-run.js'
import { doubleField } from '../../src/sinks/protobuf/encoding.js'
import { encodeSessionStart, sessionEnd } from '../../src/sinks/tensorboard/media/hparams.js'
import { encodeValue, type SummaryValue } from '../../src/sinks/tensorboard/media/summary.js'
import { RECORD_HEADER_BYTES, sealRecord } from '../../src/sinks/tensorboard/tfrecord.js'
import { ItemEncoder } from '../../src/sinks/wandb/offline/item-encoder.js'
import { integerField, lengthField, textField } from '../../src/sinks/wandb/offline/protobuf.js'
import { exitRecord } from '../../src/sinks/wandb/offline/run-records.js'
import { TransactionLog } from '../../src/sinks/wandb/offline/transaction-log.js'
import { consoleRecord, statsRecord } from '../../src/sinks/wandb/offline/update-records.js'
import { StoredRun } from '../../src/store/runs/stored-run.js'
import { temporaryDirectory } from '../support/directory.js'

async function imported(name: string, content: Buffer): Promise<StoredRun> {
  const dir = temporaryDirectory()
  writeFileSync(join(dir, name), content)
  const run = await importRun(findSources(join(dir, name))[0]!, { root: temporaryDirectory() })
  return new StoredRun(run.dir)
}

function event(...values: readonly (readonly Uint8Array[])[]): Buffer {
  const content = Buffer.concat([doubleField(1, 1.7e9), lengthField(5, ...values.flat())])
  const record = Buffer.alloc(RECORD_HEADER_BYTES + content.length + 4)
  content.copy(record, RECORD_HEADER_BYTES)
  sealRecord(record, new DataView(record.buffer, record.byteOffset), 0, RECORD_HEADER_BYTES + content.length)
  return record
}

const loss = (): Buffer[] => [lengthField(1, textField(1, 'loss'), Buffer.of((2 << 3) | 5, 0, 0, 0, 0))]

/** google.protobuf.Value in the data of the plugin, as other writers have it: lists, structs, null. */
function sessionOf(...values: readonly (readonly [name: string, value: Buffer])[]): Buffer[] {
  const entries = values.map(([name, value]) => lengthField(1, textField(1, name), lengthField(2, value)))
  const data = lengthField(1, textField(1, 'hparams'), lengthField(2, lengthField(3, ...entries)))
  return [lengthField(1, textField(1, '_hparams_/session_start_info'), lengthField(9, data))]
}

describe("hyper-parameters of TensorBoard's page", () => {
  test('are the config, and how the session ended is the status', async () => {
    const values = { lr: 1e-3, optimizer: 'adam', amp: true, rate: 'Infinity' }
    const end = sessionEnd({ status: 'failed', endTime: 5 } as never)!.value
    const of = (value: SummaryValue) => encodeValue(value, true)
    const run = await imported(
      'events.tfevents.1',
      Buffer.concat([event(of(encodeSessionStart({ values }, 0))), event(loss()), event(of(end))]),
    )
    expect(run.config).toEqual(values)
    expect([run.status, [...run.rows()].length]).toEqual(['failed', 1])
  })

  test('may be lists, objects and nothing, and those of a later session are added', async () => {
    const number = (value: number) => doubleField(2, value)
    const list = lengthField(6, lengthField(1, number(1)), lengthField(1, textField(3, 'b')))
    const object = lengthField(5, lengthField(1, textField(1, 'x'), lengthField(2, number(2))))
    const run = await imported(
      'events.tfevents.1',
      Buffer.concat([
        event(sessionOf(['list', list], ['object', object], ['none', integerField(1, 0)], ['a', number(1)])),
        event(sessionOf(['a', number(7)], ['b', number(Number.NaN)]), loss()),
      ]),
    )
    expect(run.config).toEqual({ list: [1, 'b'], object: { x: 2 }, none: null, a: 7, b: 'NaN' })
    expect(run.status).toBe('completed')
  })

  test('that are damaged cost themselves', async () => {
    const broken = lengthField(1, textField(1, 'hparams'), lengthField(2, Buffer.of(0x1a, 0x7f)))
    const value = lengthField(1, textField(1, '_hparams_/session_start_info'), lengthField(9, broken))
    const run = await imported('events.tfevents.1', event([value], loss()))
    expect(run.config).toEqual({})
    expect(run.file).toMatchObject({ imported: { leftOut: { 'damaged records': 1 } } })
  })
})

const TIME = 1_700_000_000_000

function wandbLog(add: (log: TransactionLog, row: (step: number) => Buffer) => void): Buffer {
  const log = new TransactionLog()
  log.begin(0)
  const items = new ItemEncoder()
  const row = (step: number): Buffer =>
    items.history(step, step, [
      ['_step', `${step}`],
      ['_timestamp', `${TIME / 1000 + step}`],
      ['loss', `${step}`],
    ]) as Buffer
  add(log, row)
  log.add(exitRecord(0, 0, 10))
  return Buffer.from(log.bytes)
}

describe("what W&B's log has beside its rows", () => {
  test('samples of the machine are those of the run, with their times', async () => {
    const run = await imported(
      'run-a.wandb',
      wandbLog((log, row) => {
        log.add(row(0))
        log.add(statsRecord(0, { values: { cpu: 12.5, 'system.gpu.0.gpu': 80 } }, TIME + 500))
        log.add(statsRecord(0, { values: { cpu: Number.NaN } }, TIME + 1500))
        log.add(row(9))
        log.add(statsRecord(0, { values: { cpu: 1 } }, TIME + 20_000))
      }),
    )
    const samples = [...run.media({ kind: 'system' })].map(({ step, time, value }) => [step, time, value()])
    expect(samples).toEqual([
      [0, TIME + 500, { values: { cpu: 12.5, 'gpu.0.gpu': 80 } }],
      [0, TIME + 1500, { values: {} }],
      [9, TIME + 20_000, { values: { cpu: 1 } }],
    ])
    expect([...run.rows()].map(({ step }) => step)).toEqual([0, 9])
    expect(run.endTime).toBe(TIME + 20_000)
  })

  test('printed text is lines of its stream, wherever it was cut, as it stood on the screen', async () => {
    const raw = (type: 0 | 1, text: string, seconds: number): Buffer =>
      lengthField(13, integerField(1, type), lengthField(2, integerField(1, seconds)), textField(3, text))
    const run = await imported(
      'run-b.wandb',
      wandbLog((log, row) => {
        log.add(row(0))
        log.add(consoleRecord(0, 'stdout', { time: TIME, text: 'epoch 1' }))
        log.add(raw(1, '10 %\r50 %\r', 1_700_000_001))
        log.add(raw(0, 'careful\nnow\n', 1_700_000_002))
        log.add(row(1))
        log.add(raw(1, '100 %\r\nlast', 1_700_000_003))
      }),
    )
    const printed = [...run.media({ kind: 'console' })].flatMap(({ step, value }) => {
      const { stream, lines } = value()
      return lines.map(({ time, text }) => [step, stream, time - TIME, text])
    })
    expect(printed).toEqual([
      [0, 'stdout', 0, 'epoch 1'],
      [0, 'stderr', 2000, 'careful'],
      [0, 'stderr', 2000, 'now'],
      [1, 'stdout', 3000, '100 %'],
      [1, 'stdout', 3000, 'last'],
    ])
  })

  test('no line of much text is missing or cut', async () => {
    const texts = Array.from({ length: 3000 }, (_, line) => `${line} ${'x'.repeat((line * 37) % 400)}`)
    texts.push('y'.repeat(100_000))
    const run = await imported(
      'run-c.wandb',
      wandbLog((log, row) => {
        log.add(row(0))
        log.add(consoleRecord(0, 'stdout', { time: TIME, text: texts.join('\n') }))
      }),
    )
    const lines = [...run.media({ kind: 'console' })].flatMap(({ value }) => value().lines)
    expect(lines.map(({ text }) => text)).toEqual(texts)
  })
})
