import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Filter, FilterError, type Literal, OPERATORS } from '../../src/store/filter/ast.js'
import { parseFilter, parsePath } from '../../src/store/filter/parse.js'
import { printFilter } from '../../src/store/filter/print.js'

const segment = fc.oneof(
  fc.constantFrom('lr', 'val/loss', 'and', '2', 'a.b', 'say "x"'),
  fc.string({ minLength: 1 }),
)
const path = fc.oneof(
  fc.constantFrom(['name'], ['status'], ['tag']),
  fc
    .tuple(fc.constantFrom('config', 'summary', 'git'), segment, fc.array(segment, { maxLength: 2 }))
    .map(([field, first, more]) => [field, first, ...more]),
)
const ordered = fc.record({
  operator: fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
  value: fc.oneof<fc.Arbitrary<Literal>[]>(fc.double(), fc.integer(), fc.string()),
})
const other = fc.oneof(
  fc.record({
    operator: fc.constantFrom('=', '!='),
    value: fc.constantFrom<Literal>(true, false, null, 'and', 'true', '1'),
  }),
  fc.record({
    operator: fc.constant('~'),
    value: fc.constantFrom<Literal>('lr.*', '\\d+"\'', '^(a|b)$', ''),
  }),
)
const comparison = fc
  .tuple(path, fc.oneof(ordered, other))
  .map(([path, rest]) => ({ kind: 'comparison', path, ...rest }) as Filter)
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    comparison,
    fc.record({
      kind: fc.constantFrom('and', 'or'),
      left: tie('filter'),
      right: tie('filter'),
    }) as fc.Arbitrary<Filter>,
    fc.record({ kind: fc.constant('not'), of: tie('filter') }) as fc.Arbitrary<Filter>,
  ),
}))

test('what is printed of a filter is parsed to the same filter', () => {
  fc.assert(
    fc.property(filter, (ast) => {
      expect(parseFilter(printFilter(ast))).toEqual(ast)
    }),
    { numRuns: 500 },
  )
})

test('any text is a filter, or an error that shows a place within it', () => {
  const pieces = fc.constantFrom(
    'config',
    '.',
    'lr',
    '"',
    "'",
    '(',
    ')',
    ' ',
    '<',
    '=',
    '~',
    'and',
    'not',
    '1e-3',
    'tag',
    '[',
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces).map((parts) => parts.join('')),
  )
  const property = fc.property(text, (expression) => {
    try {
      const ast = parseFilter(expression)
      expect(parseFilter(printFilter(ast))).toEqual(ast)
    } catch (error) {
      expect(error).toBeInstanceOf(FilterError)
      const { at, message } = error as FilterError
      expect(at).toBeGreaterThanOrEqual(0)
      expect(at).toBeLessThanOrEqual(expression.length)
      expect(message.split('\n').length).toBe(3)
    }
  })
  fc.assert(property, { numRuns: 2000 })
})

test.for([
  ['config.lr<1e-3', 'config.lr < 0.001'],
  ['config.lr < 1e-3 and summary."val/loss".min < 2', 'config.lr < 0.001 and summary.val/loss.min < 2'],
  ['status = failed or tag == baseline', 'status = "failed" or tag = "baseline"'],
  ['not (a = 1)'.replace('a', 'name'), 'not name = 1'],
  ['NOT name=a AND (tag=b OR tag=c)', 'not name = "a" and (tag = "b" or tag = "c")'],
  ["name ~ 'lr.*'", 'name ~ "lr.*"'],
  ["notes = 'it''s'", 'notes = "it\'s"'],
  ['startTime >= 2026-11-20', 'startTime >= "2026-11-20"'],
  ['config.optimizer."weight decay" != null', 'config.optimizer."weight decay" != null'],
  ['config.amp = true', 'config.amp = true'],
  ['config.x = -Infinity', 'config.x = -Infinity'],
])('%s is understood', ([text, printed]) => {
  expect(printFilter(parseFilter(text!))).toBe(printed)
})

describe('a broken expression says where, and what to type instead', () => {
  test.for([
    ['', 0, 'the filter is empty'],
    ['config.lr << 1', 10, `type one of ${OPERATORS.join(' ')} here`],
    ['config.lr 1', 10, 'type one of = != < <= > >= ~ here'],
    ['statsu = failed', 0, 'there is no "statsu" to ask for: type status'],
    ['start_time > 2026-01-01', 0, 'type startTime'],
    ['val/loss < 2', 0, 'summary."val/loss" for a metric'],
    ['"val/loss" < 2', 0, 'type summary."val/loss" for a metric'],
    ['config < 2', 0, 'type what of it you mean: config.lr'],
    ['status.x = 1', 0, '"status" has no parts: type status alone'],
    ['config. < 2', 7, 'type a name behind the dot'],
    ['name = big run', 11, 'type "and" or "or" before this, or quotes around'],
    ['name = "big', 7, 'the text that begins here has no end: type " behind it'],
    ['tag = a && tag = b', 8, 'type "and" instead of "&&"'],
    ['(tag = a | tag = b)', 9, 'type "or" instead of "|"'],
    ['name && tag', 5, 'type "and" instead of "&&"'],
    ['(tag = a', 0, 'this ( is never closed'],
    ['tag = a)', 7, 'nothing is open here'],
    ['tag = a and', 11, 'type what to compare here'],
    ['tag =', 5, 'type a value here'],
    ['tag = and', 6, 'type a value here'],
    ['name ~ "("', 7, 'mend this regular expression'],
    ['name ~ 1', 7, 'type a text in quotes behind ~'],
    ['config.lr < null', 12, 'type = or != before null'],
    ['startTime > yesterday', 12, 'type a date as 2026-11-20'],
    ['startTime > 2026-02-31', 12, 'type a date as 2026-11-20'],
  ] as const)('%s', ([text, at, words]) => {
    const error = refusal(() => parseFilter(text))
    expect(error.at).toBe(at)
    const [sentence, line, caret] = error.message.split('\n')
    expect(sentence).toContain(words)
    expect(line).toBe(`  ${text}`)
    expect(caret).toBe(`  ${' '.repeat(at)}^`)
  })

  test('and what to sort by likewise', () => {
    expect(parsePath('summary."val/loss".min')).toEqual(['summary', 'val/loss', 'min'])
    expect(refusal(() => parsePath('startTime desc')).message).toContain('type a field and nothing else')
  })

  test('ten thousand parentheses are refused in words', () => {
    expect(refusal(() => parseFilter(`${'('.repeat(10_000)}tag = a`)).message).toContain('make it simpler')
  })
})

function refusal(parse: () => unknown): FilterError {
  try {
    parse()
  } catch (error) {
    expect(error).toBeInstanceOf(FilterError)
    return error as FilterError
  }
  throw new Error('it was accepted')
}
