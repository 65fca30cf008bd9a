/**
 * docs/guarantees.md is the ledger of what offstep promises. Every promise there names the tests that prove it,
 * and every page for users that promises something names the entry in the ledger.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const LEDGER = join(ROOT, 'docs/guarantees.md')

interface Claim {
  readonly id: string
  readonly promise: string
  readonly condition: string
  readonly proofs: readonly { readonly file: string; readonly title: string | null }[]
}

/** Rows `| G1 | promise | condition | proofs |`; a proof is `[name](path): *title*; *title*` or `bench name`. */
function readLedger(): Claim[] {
  const rows = readFileSync(LEDGER, 'utf8').match(/^\| G\d+ \|.*$/gm) ?? []
  return rows.map((row) => {
    const [, id, promise, condition, proof] = row.split(/(?<!\\)\|/).map((cell) => cell.trim())
    const files = [...proof!.matchAll(/\[[^\]]*\]\(([^)]+)\)([^[]*)/g)]
    const proofs = files.flatMap(([, path, rest]): Claim['proofs'] => {
      const file = resolve(dirname(LEDGER), path!)
      const titles = [...rest!.matchAll(/\*([^*]+)\*/g)].map(([, title]) => ({ file, title: title! }))
      return titles.length > 0 ? titles : [{ file, title: null }]
    })
    return { id: id!, promise: promise!, condition: condition!, proofs }
  })
}

const claims = readLedger()
const known = new Set(claims.map(({ id }) => id))

/** A test's source without the backslashes and line breaks that its titles may be written with. */
const sourceOf = (file: string): string =>
  readFileSync(file, 'utf8').replaceAll('\\', '').replace(/\s+/g, ' ')

describe('the ledger of guarantees', () => {
  test('numbers its claims without a gap', () => {
    expect(claims.length).toBeGreaterThan(20)
    expect(claims.map(({ id }) => id)).toEqual(claims.map((_, index) => `G${index + 1}`))
  })

  test.each(claims.map((claim) => [claim.id, claim.promise, claim] as const))(
    '%s is proved by tests that exist and are run: %s',
    (_id, promise, { condition, proofs }) => {
      expect(promise.length).toBeGreaterThan(10)
      expect(condition.length).toBeGreaterThan(10)
      const tests = proofs.filter(({ file }) => file.endsWith('.test.ts'))
      expect(tests.length, 'a claim needs a test').toBeGreaterThan(0)
      for (const { file, title } of tests) {
        expect(existsSync(file), relative(ROOT, file)).toBe(true)
        const source = sourceOf(file)
        expect(title, `${relative(ROOT, file)}: which test?`).not.toBeNull()
        expect(source, relative(ROOT, file)).toContain(title)
        expect(source).not.toMatch(/\b(test|describe|it)\.(skip|todo|only|fails)\b/)
      }
    },
  )
})

const PROMISE =
  /\b(never|always|exactly once|nothing (is|was|may be) lost|cannot (lose|throw|block|cost)|survives?|guarantee[sd]?|whatever happens)\b/i

/** The paragraphs, rows and list items of a page, code left out. */
function statements(page: string): string[] {
  const text = readFileSync(page, 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/\S*guarantees\.md\S*/g, '')
  return text
    .split(/\n\s*\n|\n(?=\s*[-|*]|\d+\. )/)
    .map((statement) => statement.replace(/\s+/g, ' ').trim())
    .filter((statement) => statement !== '' && !statement.startsWith('#'))
}

/** Made of figures, and no promises: "server never answers" is the name of a fault there. */
const FIGURES = 'benchmarks.md'

const pages = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md') && name !== 'guarantees.md' && name !== FIGURES)
    .map((name) => `docs/${name}`),
]

describe('the pages for users', () => {
  test.each(pages)('%s promises nothing that is not in the ledger', (page) => {
    const bare = statements(join(ROOT, page)).filter(
      (statement) => PROMISE.test(statement) && !/\bG\d+\b/.test(statement),
    )
    expect(bare, 'name the entry of docs/guarantees.md, such as (G3), or say it without a promise').toEqual(
      [],
    )
  })

  test.each(pages)('%s names entries that exist', (page) => {
    const named = readFileSync(join(ROOT, page), 'utf8').match(/\bG\d+\b/g) ?? []
    expect(named.filter((id) => !known.has(id))).toEqual([])
  })
})
