import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readCsv } from '../../src/import/csv/parse.js'
import { findSources } from '../../src/import/find-sources.js'
import { importRun } from '../../src/import/import-run.js'
import type { ImportedRow, ImportedRunFile, RunSource } from '../../src/import/types.js'
import { RECORD_HEADER_BYTES, sealRecord } from '../../src/sinks/tensorboard/tfrecord.js'
import { ItemEncoder } from '../../src/sinks/wandb/offline/item-encoder.js'
import { integerField, lengthField, textField } from '../../src/sinks/wandb/offline/protobuf.js'
import { exitRecord, runRecord } from '../../src/sinks/wandb/offline/run-records.js'
import { TransactionLog } from '../../src/sinks/wandb/offline/transaction-log.js'
import { openStore } from '../../src/store/runs/run-store.js'
import { temporaryDirectory } from '../support/directory.js'

type PlainRow = [step: number, time: number, values: Record<string, number>]

const plain = ({ step, time, values }: ImportedRow): PlainRow => [step, time, Object.fromEntries(values)]

function read(source: RunSource) {
  const reader = source.open()
  const rows = [...reader.records()].filter((record) => 'values' in record).map(plain)
  return { rows, facts: reader.facts() }
}

function file(name: string, content: string | Uint8Array, dir = temporaryDirectory()): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

const readFile = (name: string, content: string | Uint8Array) => read(findSources(file(name, content))[0]!)

describe('a CSV file', () => {
  test('gives its cells, whatever its quotes, line ends and separator', () => {
    const cells = (text: string) => [...readCsv(file('x.csv', text))]
    expect(cells('a,"b,""c""\r\nd",e\r\n1,,3')).toEqual([
      ['a', 'b,"c"\r\nd', 'e'],
      ['1', '', '3'],
    ])
    expect(cells('\uFEFFa;b,c;d\n1;2,5;3\n')).toEqual([
      ['a', 'b,c', 'd'],
      ['1', '2,5', '3'],
    ])
    expect(cells('a\tb\r1\t2\r')).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ])
    expect(cells('')).toEqual([])
  })

  test('gives the same cells where a chunk ends within a character or a line end', () => {
    const row = `${'é'.repeat(1000)},"x\r\n"\r\n`
    const found = [...readCsv(file('x.csv', row.repeat(2000)))]
    expect(found).toHaveLength(2000)
    expect(new Set(found.map((cells) => cells.join('|')))).toEqual(new Set([`${'é'.repeat(1000)}|x\r\n`]))
  })

  test('has its steps and times by the names of columns; cells that are no numbers are counted', () => {
    const { rows, facts } = readFile(
      'results.csv',
      'Wall time,Step,Loss,model\n1700000000.5,7,0.25,big\n1700000001,8,NaN,\n1700000002,,1,\n1700000003,9,-inf,\n',
    )
    expect(rows).toEqual([
      [7, 1700000000500, { Loss: 0.25 }],
      [8, 1700000001000, { Loss: Number.NaN }],
      [9, 1700000003000, { Loss: -Infinity }],
    ])
    expect(facts.leftOut).toEqual({ 'values that are no numbers': 1, 'rows without a step': 1 })
    expect(facts.name).toBe('results')
  })

  test.each([
    ['1700000000', 1700000000000],
    ['1700000000123', 1700000000123],
    ['1700000000123456', 1700000000123],
    ['1700000000123456789', 1700000000123],
    ['2023-11-14T22:13:20Z', 1700000000000],
  ])('takes the time %s for what its size says', (text, time) => {
    expect(readFile('x.csv', `time,a\n${text},1\n`).rows).toEqual([[0, time, { a: 1 }]])
  })

  test('without a step has the numbers of its rows', () => {
    expect(readFile('x.csv', 'a,time\n5,1\n6,2\n').rows.map(([step]) => step)).toEqual([0, 1])
  })

  test.each([
    ['', 'is empty'],
    ['step,time\n1,2\n', 'no column that could be a metric'],
    ['run,step,name,value\nx,1,loss,2\n', 'has a row per value'],
  ])('of %j is refused', (text, message) => {
    expect(() => readFile('x.csv', text)).toThrow(message)
  })
})

function event(step: number, seconds: number, ...values: Buffer[]): Buffer {
  const time = Buffer.alloc(9)
  time[0] = (1 << 3) | 1
  time.writeDoubleLE(seconds, 1)
  const content = Buffer.concat([
    time,
    integerField(2, step),
    lengthField(5, ...values.map((v) => lengthField(1, v))),
  ])
  const record = Buffer.alloc(RECORD_HEADER_BYTES + content.length + 4)
  content.copy(record, RECORD_HEADER_BYTES)
  sealRecord(record, new DataView(record.buffer, record.byteOffset), 0, RECORD_HEADER_BYTES + content.length)
  return record
}

function simple(tag: string, value: number): Buffer {
  const float = Buffer.alloc(5)
  float[0] = (2 << 3) | 5
  float.writeFloatLE(value, 1)
  return Buffer.concat([textField(1, tag), float])
}

const tensor = (tag: string, ...content: Buffer[]): Buffer =>
  Buffer.concat([textField(1, tag), lengthField(8, ...content)])

const doubles = (...values: number[]): Buffer => Buffer.from(new Float64Array(values).buffer)
const plugin = (name: string): Buffer => lengthField(9, lengthField(1, textField(1, name)))

describe('an event file', () => {
  const events = [event(1, 10, simple('a', 0.5)), event(1, 10, simple('b', 2)), event(2, 11, simple('a', 1))]

  test('gives values of the same step and time as one row, and a tag that comes again as another', () => {
    const { rows } = readFile(
      'x.tfevents.1',
      Buffer.concat([...events, event(2, 11, simple('a', 3)), event(-5, 12.0015, simple('a', 4))]),
    )
    expect(rows).toEqual([
      [1, 10000, { a: 0.5, b: 2 }],
      [2, 11000, { a: 1 }],
      [2, 11000, { a: 3 }],
      [-5, 12002, { a: 4 }],
    ])
  })

  test('gives tensors that hold one number of a scalar, and counts the others', () => {
    const values = [
      Buffer.concat([tensor('double', integerField(1, 2), lengthField(4, doubles(0.1))), plugin('scalars')]),
      tensor('packed', integerField(1, 2), lengthField(6, doubles(0.2))),
      tensor('int', integerField(1, 9), lengthField(10, Buffer.of(0xac, 0x02))),
      tensor('two', integerField(1, 2), lengthField(6, doubles(1, 2))),
      Buffer.concat([tensor('text', integerField(1, 2), lengthField(6, doubles(1))), plugin('text')]),
    ]
    const { rows, facts } = readFile('x.tfevents.1', event(0, 1, ...values))
    expect(rows).toEqual([[0, 1000, { double: 0.1, packed: 0.2, int: 300 }]])
    expect(facts.leftOut).toEqual({ 'values that are no scalars': 2 })
  })

  test('that is torn gives all before the tear', () => {
    const bytes = Buffer.concat(events)
    for (const cut of [1, 5, 20]) {
      const { rows, facts } = readFile('x.tfevents.1', bytes.subarray(0, bytes.length - cut))
      expect([rows.length, facts.leftOut]).toEqual([1, { 'torn records': 1 }])
    }
  })

  test('with a damaged record gives all the others; behind a damaged length, none', () => {
    const bytes = Buffer.concat(events)
    const damaged = (at: number) => {
      const copy = Buffer.from(bytes)
      copy[at]! ^= 1
      return readFile('x.tfevents.1', copy)
    }
    const content = damaged(events[0]!.length + RECORD_HEADER_BYTES + 2)
    expect(content.rows.map(([step]) => step)).toEqual([1, 2])
    expect(content.facts.leftOut).toEqual({ 'damaged records': 1 })
    const length = damaged(events[0]!.length)
    expect(length.rows).toEqual([[1, 10000, { a: 0.5 }]])
    expect(length.facts.leftOut).toEqual({ 'files with a damaged end': 1 })
  })

  test('is one run with the others of its directory; each directory is a run', () => {
    const dir = temporaryDirectory()
    for (const part of ['train', 'eval']) mkdirSync(join(dir, part))
    file('events.out.tfevents.2', events[2]!, join(dir, 'train'))
    file('events.out.tfevents.1', events[0]!, join(dir, 'train'))
    file('events.out.tfevents.3', events[1]!, join(dir, 'eval'))
    const [evaluation, train] = findSources(dir).map(read)
    expect(train!.rows.map(([step]) => step)).toEqual([1, 2])
    expect(evaluation!.rows).toHaveLength(1)
    expect(train!.facts.name).toMatch(/-train$/)
  })
})

function wandbLog(rows: number): Buffer {
  const log = new TransactionLog()
  const items = new ItemEncoder()
  log.begin(0)
  const none = {
    entity: undefined,
    notes: 'n',
    group: 'g',
    jobType: undefined,
    commit: undefined,
    repo: undefined,
  }
  const run = { runId: 'id', project: 'old', displayName: 'name', tags: ['a', 'b'], startTime: 1700000000500 }
  log.add(runRecord(0, { ...none, ...run, config: { lr: 0.1, o: { n: [1] } }, machine: null }))
  for (let step = 0; step < rows; step++) {
    const fields = [
      ['_step', `${step}`],
      ['_timestamp', `${1700000001 + step}.25`],
      ['loss', step === 1 ? 'NaN' : `${step / 3}`],
      ['nested', `{"x":${step},"deep":{"y":-Infinity,"s":"NaN or not"}}`],
    ] as const
    log.add(items.history(step, step, fields))
  }
  log.add(
    items.summary(rows, [
      ['loss', '5'],
      ['best', '0.5'],
      ['_runtime', '3'],
    ]),
  )
  log.add(exitRecord(rows + 1, 0, 10))
  return Buffer.from(log.bytes)
}

describe("W&B's log", () => {
  test('gives its rows, nested values with dots, and what it says of the run', () => {
    const { rows, facts } = readFile('run-id.wandb', wandbLog(2))
    const y = Number.NEGATIVE_INFINITY
    expect(rows).toEqual([
      [0, 1700000001250, { loss: 0, 'nested.x': 0, 'nested.deep.y': y }],
      [1, 1700000002250, { loss: Number.NaN, 'nested.x': 1, 'nested.deep.y': y }],
    ])
    expect(facts).toMatchObject({
      name: 'name',
      project: 'old',
      status: 'completed',
      exitCode: 0,
      startTime: 1700000000500,
      config: { lr: 0.1, o: { n: [1] } },
      summary: { best: 0.5 },
      tags: ['a', 'b'],
      notes: 'n',
      group: 'g',
      leftOut: { 'values that are no numbers': 2 },
    })
  })

  test('with a damaged block gives the rows of all other blocks', () => {
    const log = wandbLog(1000)
    const blocks = Math.ceil(log.length / 32768)
    expect(blocks).toBeGreaterThan(3)
    log[32768 + 10_000]! ^= 1
    const { rows, facts } = readFile('run-id.wandb', log)
    const steps = rows.map(([step]) => step)
    expect(facts.leftOut['damaged blocks']).toBe(1)
    expect([steps[0], steps.at(-1), facts.status]).toEqual([0, 999, 'completed'])
    expect(steps.length).toBeGreaterThan(1000 - 2 * Math.ceil(1000 / blocks))
    expect(steps.length).toBeLessThan(1000)
    expect(new Set(steps).size).toBe(steps.length)
  })

  test('never joins the beginning and the end of a record whose middle is damaged', () => {
    const log = new TransactionLog()
    const items = new ItemEncoder()
    log.begin(0)
    const long = JSON.stringify('x'.repeat(3 * 32768))
    log.add(
      items.history(0, 0, [
        ['_step', '0'],
        ['a', '1'],
        ['text', long],
        ['b', '2'],
      ]),
    )
    log.add(
      items.history(1, 1, [
        ['_step', '1'],
        ['a', '3'],
      ]),
    )
    const bytes = Buffer.from(log.bytes)
    bytes[40_000]! ^= 1
    const { rows, facts } = readFile('run-id.wandb', bytes)
    expect(rows.map(([step, , values]) => [step, values])).toEqual([[1, { a: 3 }]])
    expect(facts.leftOut).toEqual({ 'damaged blocks': 1 })
  })

  test('that is torn anywhere gives the rows before the tear, and is of a run that crashed', () => {
    const log = wandbLog(200)
    for (const cut of [1, 40, 5000, 20_001]) {
      const { rows, facts } = readFile('run-id.wandb', log.subarray(0, log.length - cut))
      expect(rows.map(([step]) => step)).toEqual(rows.map((_, step) => step))
      expect([facts.status, facts.leftOut['torn records']]).toEqual(['crashed', 1])
    }
  })

  test('of another version, or of something else, is refused', () => {
    const log = wandbLog(1)
    log[6] = 1
    expect(() => readFile('run-id.wandb', log)).toThrow('update offstep')
    expect(() => readFile('run-id.wandb', 'text')).toThrow('is no log of W&B')
  })
})

describe('an imported run', () => {
  const rows = 3000
  const csv = `step,${Array.from({ length: 40 }, (_, m) => `m${m}`).join()}\n${Array.from(
    { length: rows },
    (_, step) => `${step * 2},${Array.from({ length: 40 }, (_, m) => step / (m + 1)).join()}`,
  ).join('\n')}`

  test('is a run like any other: journal, run.json, summary.json', async () => {
    const root = temporaryDirectory()
    const [source] = findSources(file('run-id.wandb', wandbLog(300)))
    const { id, dir, imported } = await importRun(source!, { root })
    expect([imported, id]).toEqual([true, expect.stringMatching(/^name_\d{8}_\d{6}_[0-9a-f]{8}$/)])
    const [run] = openStore(root).runs()
    expect(run).toMatchObject({ id, dir, project: 'old', status: 'completed', tags: ['a', 'b'] })
    expect((run!.file as ImportedRunFile).imported).toMatchObject({ from: 'wandb', path: source!.path })
    expect(run!.file.delivered).toBe(true)
    const summary = run!.summary()
    expect(summary.values).toEqual({ best: 0.5 })
    expect(summary.metrics.loss!.last).toEqual({ value: 299 / 3, step: 299, time: 1700000300250 })
    expect([...run!.rows(['loss'])]).toHaveLength(300)
  })

  test('has each value of its file, over many blocks', async () => {
    const root = temporaryDirectory()
    const [source] = findSources(file('big.csv', csv))
    const run = await importRun(source!, { root, name: 'a name', project: 'mine' })
    expect(run).toMatchObject({ rows, values: rows * 40 })
    const found = [...openStore(root).run('a-name').rows()]
    expect(found).toHaveLength(rows)
    const wrong = found.filter(({ step, values }, row) => {
      const names = Object.keys(values)
      return (
        step !== row * 2 ||
        names.length !== 40 ||
        names.some((m) => values[m] !== row / (Number(m.slice(1)) + 1))
      )
    })
    expect(wrong).toEqual([])
  })

  test('keeps its names where the block is damaged that had them first', async () => {
    const root = temporaryDirectory()
    const { dir } = await importRun(findSources(file('big.csv', csv))[0]!, { root })
    const journal = join(dir, 'journal', '000001.log')
    const bytes = readFileSync(journal)
    const at = bytes.indexOf('m39')
    bytes[at]! ^= 1
    writeFileSync(journal, bytes)
    const found = [...openStore(root).runs()[0]!.rows()]
    expect(found.length).toBeGreaterThan(rows / 2)
    expect(found.length).toBeLessThan(rows)
    const names = new Set(found.flatMap(({ values }) => Object.keys(values)))
    expect([...names].filter((name) => !/^m\d+$/.test(name))).toEqual([])
  })

  test('is not made twice of the same content, wherever it lies; other content is another run', async () => {
    const root = temporaryDirectory()
    const path = file('x.csv', 'a\n1\n')
    const first = await importRun(findSources(path)[0]!, { root })
    const elsewhere = join(temporaryDirectory(), 'x.csv')
    renameSync(path, elsewhere)
    const again = await importRun(findSources(elsewhere)[0]!, { root, project: 'other' })
    expect(again).toMatchObject({ id: first.id, dir: first.dir, imported: false })
    appendFileSync(elsewhere, '2\n')
    expect(await importRun(findSources(elsewhere)[0]!, { root })).toMatchObject({ imported: true, rows: 2 })
    expect(openStore(root).runs()).toHaveLength(2)
  })

  test('of a file without metrics is not made, and leaves nothing behind', async () => {
    const root = temporaryDirectory()
    const [source] = findSources(file('x.csv', 'a\ntext\n'))
    await expect(importRun(source!, { root })).rejects.toThrow('has no metrics')
    expect(readdirSync(root)).toEqual([])
  })

  test('of a file or a directory of another kind is refused with what can be imported', () => {
    expect(() => findSources('no/such/file')).toThrow('does not exist')
    expect(() => findSources(file('x.txt', 'a'))).toThrow('of no known kind')
    expect(() => findSources(temporaryDirectory())).toThrow('no event files')
  })

  test('keeps the file that it was made of as it was', async () => {
    const path = file('run-id.wandb', wandbLog(10))
    const before = readFileSync(path)
    await importRun(findSources(path)[0]!, { root: temporaryDirectory() })
    expect(readFileSync(path).equals(before)).toBe(true)
  })
})
