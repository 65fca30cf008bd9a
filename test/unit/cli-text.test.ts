import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createOutput } from '../../dist/src/cli/output.js'
import { Rate } from '../../dist/src/cli/sync/rate.js'
import { sinkLine } from '../../dist/src/cli/sync/sink-line.js'
import { renderTable } from '../../dist/src/cli/table.js'
import { truncate, widthOf, wrap } from '../../dist/src/cli/text.js'
import { countText, durationText, plural } from '../../dist/src/text/text.js'

const anyText = fc.string({
  unit: fc.constantFrom('a', 'b', '-', ' ', '\n', '実', '🙂', 'é', '/'),
  maxLength: 80,
})

describe('texts', () => {
  test('counts have a comma each three digits', () => {
    expect([0, 999, 1000, 1_203_400, 12.6].map(countText)).toEqual(['0', '999', '1,000', '1,203,400', '13'])
    expect([plural(1, 'row'), plural(2000, 'row')]).toEqual(['1 row', '2,000 rows'])
  })

  test('times have the two units that matter', () => {
    const times = [0, 949, 9949, 9950, 59_400, 59_600, 200_000, 3_600_000, 18_720_000]
    expect(times.map(durationText)).toEqual([
      '0.0 s',
      '0.9 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1 min 0 s',
      '3 min 20 s',
      '1 h 0 min',
      '5 h 12 min',
    ])
  })

  test('wrapped text has no line that is too wide, and loses nothing but spaces', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: -2, max: 40 }), (text, width) => {
        const lines = wrap(text, width)
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(width, 2))
        expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
      }),
    )
  })

  test('a truncated text fits, and keeps both ends where it is cut in the middle', () => {
    fc.assert(
      fc.property(anyText, fc.nat(40), fc.constantFrom('end', 'middle'), (text, width, where) => {
        expect(widthOf(truncate(text, width, where as 'end'))).toBeLessThanOrEqual(width)
      }),
    )
    expect(truncate('baseline_20250101_abcdef12', 11, 'middle')).toBe('basel…def12')
    expect(truncate('baseline_20250101_abcdef12', 9)).toBe('baseline…')
  })
})

describe('tables', () => {
  const plain = { json: false, color: false }
  const streams = (columns: number | undefined) => {
    const stream = { isTTY: columns !== undefined, ...(columns === undefined ? {} : { columns }), write() {} }
    return createOutput(plain, { env: {}, stdout: stream, stderr: stream })
  }
  const columns = [
    { title: 'sink' },
    { title: 'rows', align: 'right' },
    { title: 'why', minWidth: 10 },
  ] as const

  test('nothing is cut: what does not fit a terminal wraps', () => {
    const reason = 'the server at https://api.example.com/very/long/path answers 503'
    const table = renderTable(columns, [['csv', '12', reason]], streams(40))
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(40)
    expect(table.replace(/\s/g, '')).toContain(reason.replace(/\s/g, ''))
    expect(table).not.toContain('…')
  })

  test('nothing wraps in a file, and columns stand in line', () => {
    const table = renderTable(
      columns,
      [
        ['csv', '12', 'x'.repeat(300)],
        ['tensorboard', '1,200', ''],
      ],
      streams(undefined),
    )
    expect(table).toBe(
      ['sink          rows  why', `csv             12  ${'x'.repeat(300)}`, 'tensorboard  1,200'].join('\n'),
    )
  })
})

describe('colours and bars', () => {
  const terminal = { isTTY: true, columns: 80, write() {} }
  const pipe = { isTTY: false, write() {} }
  const looks = (env: NodeJS.ProcessEnv, stdout: typeof pipe, color = true) => {
    const { out, interactive } = createOutput({ color }, { env, stdout, stderr: stdout })
    return { colors: out.red('x') !== 'x', interactive }
  }

  test.for([
    ['a terminal has both', {}, terminal, true, { colors: true, interactive: true }],
    ['a pipe has neither', {}, pipe, true, { colors: false, interactive: false }],
    ['NO_COLOR', { NO_COLOR: '1' }, terminal, true, { colors: false, interactive: true }],
    ['an empty NO_COLOR says nothing', { NO_COLOR: '' }, terminal, true, { colors: true, interactive: true }],
    ['NO_COLOR wins', { NO_COLOR: '1', FORCE_COLOR: '1' }, pipe, true, { colors: false, interactive: false }],
    ['FORCE_COLOR', { FORCE_COLOR: '1' }, pipe, true, { colors: true, interactive: false }],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, terminal, true, { colors: false, interactive: true }],
    ['--no-color', { FORCE_COLOR: '1' }, terminal, false, { colors: false, interactive: true }],
    ['CI with a terminal draws no bars', { CI: '1' }, terminal, true, { colors: true, interactive: false }],
    ['a dumb terminal', { TERM: 'dumb' }, terminal, true, { colors: false, interactive: false }],
  ] as const)('%s', ([, env, stream, color, expected]) => {
    expect(looks(env, stream as typeof pipe, color)).toEqual(expected)
  })
})

test('a terminal that does not know its width counts as 80 columns wide', () => {
  const stream = { isTTY: true, columns: 0, write() {} }
  expect(createOutput({ color: false }, { env: {}, stdout: stream, stderr: stream }).columns).toBe(80)
})

describe('the line of a sink', () => {
  const progress = {
    run: 'r',
    sink: 'csv',
    state: 'delivering',
    bytes: 0,
    totalBytes: 100,
    rows: 500,
    totalRows: 2000,
    error: null,
    retryInMs: 0,
  } as const
  const none = createOutput({ color: false }).err
  const line = (more: object, columns = 100, rowsPerSecond: number | null = 250) =>
    sinkLine(
      { progress: { ...progress, ...more }, rowsPerSecond, nameWidth: 5, columns, retryInMs: 11_200 },
      none,
    )

  test('percent, rate, rows left and time left', () => {
    expect(line({})).toMatch(/^ {2}csv {4}█+░+ {3}25 % {2}250 rows\/s {2}1,500 left {2}ETA 6\.0 s$/)
    expect(line({}, 100, null)).toMatch(/25 % {2}1,500 left$/)
  })

  test('the state, where it is not delivering', () => {
    expect(line({ state: 'done' })).toMatch(/100 % {2}done$/)
    expect(line({ state: 'backing-off', error: 'down\nnow' })).toMatch(
      /backing off, again in 12 s: down now$/,
    )
    expect(line({ state: 'failed', error: 'bad key' })).toMatch(/left for later: bad key$/)
  })

  test('is never as wide as the screen, and the bar has one width as the counts change', () => {
    const states = fc.constantFrom('delivering', 'backing-off', 'done', 'failed')
    const counts = fc.integer({ min: 0, max: 1e12 })
    fc.assert(
      fc.property(
        states,
        counts,
        counts,
        anyText,
        fc.integer({ min: 40, max: 200 }),
        (state, rows, more, error, columns) => {
          const text = line({ state, rows, totalRows: rows + more, error: `e${error}` }, columns, more / 7)
          expect(widthOf(text)).toBeLessThan(columns)
          expect(text.match(/[█░]/g)!.length).toBe(line({}, columns).match(/[█░]/g)!.length)
        },
      ),
    )
  })
})

describe('the rate', () => {
  test('is that of the last seconds, and begins anew where counts go back', () => {
    const rate = new Rate()
    expect(rate.perSecond(0)).toBeNull()
    for (let second = 0; second <= 20; second++)
      rate.add(second < 10 ? second * 1000 : 10_000 + second, second * 1000)
    expect(rate.perSecond(20_000)).toBeCloseTo(1, 0)
    rate.add(0, 21_000)
    expect(rate.perSecond(21_000)).toBeNull()
    rate.add(500, 22_000)
    expect(rate.perSecond(22_000)).toBe(500)
  })
})
