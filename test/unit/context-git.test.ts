import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeGit, readGit } from '../../src/daemon/context/git.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'offstep-git-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

// Nothing of the caller's: within a git hook, GIT_DIR points at the repository of offstep itself.
const env = {
  PATH: process.env.PATH,
  HOME: tmpdir(),
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  ...{ GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' },
}

function git(...args: string[]): string {
  return execFileSync('git', args, {
    cwd: dir,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()
}

function commit(): string {
  writeFileSync(join(dir, 'file.txt'), 'one\n')
  git('init', '-q', '-b', 'main')
  git('add', 'file.txt')
  git('commit', '-q', '-m', 'first')
  return git('rev-parse', 'HEAD')
}

describe('readGit', () => {
  test('reads commit and branch of a repository', () => {
    const hash = commit()
    expect(readGit(dir)).toEqual({ commit: hash, branch: 'main' })
  })

  test('finds the repository from a directory within it', () => {
    const hash = commit()
    mkdirSync(join(dir, 'a/b'), { recursive: true })
    expect(readGit(join(dir, 'a/b'))).toEqual({ commit: hash, branch: 'main' })
  })

  test('has no commit before the first one', () => {
    git('init', '-q', '-b', 'feature/x')
    expect(readGit(dir)).toEqual({ commit: null, branch: 'feature/x' })
  })

  test('has no branch where HEAD is detached', () => {
    const hash = commit()
    git('checkout', '-q', '--detach')
    expect(readGit(dir)).toEqual({ commit: hash, branch: null })
  })

  test('reads packed references', () => {
    const hash = commit()
    git('tag', 'before')
    git('checkout', '-q', '-b', 'feature/main')
    git('commit', '-q', '--allow-empty', '-m', 'second')
    const second = git('rev-parse', 'HEAD')
    git('pack-refs', '--all')
    expect(readGit(dir)).toEqual({ commit: second, branch: 'feature/main' })
    git('checkout', '-q', 'main')
    expect(readGit(dir)).toEqual({ commit: hash, branch: 'main' })
  })

  test('a loose reference wins over a packed one', () => {
    commit()
    git('pack-refs', '--all')
    git('commit', '-q', '--allow-empty', '-m', 'second')
    expect(readGit(dir)?.commit).toBe(git('rev-parse', 'HEAD'))
  })

  test('reads a worktree, loose and packed', () => {
    commit()
    const tree = join(dir, 'tree')
    git('worktree', 'add', '-q', '-b', 'side', tree)
    git('-C', tree, 'commit', '-q', '--allow-empty', '-m', 'on the side')
    const hash = git('-C', tree, 'rev-parse', 'HEAD')
    expect(readGit(tree)).toEqual({ commit: hash, branch: 'side' })
    git('pack-refs', '--all')
    expect(readGit(tree)).toEqual({ commit: hash, branch: 'side' })
  })

  test('follows a branch that is a symbolic reference', () => {
    const hash = commit()
    git('symbolic-ref', 'refs/heads/alias', 'refs/heads/main')
    writeFileSync(join(dir, '.git/HEAD'), 'ref: refs/heads/alias\n')
    expect(readGit(dir)).toEqual({ commit: hash, branch: 'alias' })
  })

  test('is null outside a repository', () => {
    expect(readGit(dir)).toBeNull()
    expect(readGit(join(dir, 'none'))).toBeNull()
  })

  test.each(['', 'garbage', 'ref: ../../etc/passwd', 'ref: refs/../../x', 'ref: refs/heads/main'])(
    'a HEAD that holds %j gives no commit',
    (head) => {
      mkdirSync(join(dir, '.git/refs/heads'), { recursive: true })
      writeFileSync(join(dir, '.git/HEAD'), head)
      writeFileSync(join(dir, '.git/refs/heads/main'), 'ref: refs/heads/main\n')
      expect(readGit(dir)?.commit).toBeNull()
    },
  )
})

describe('describeGit', () => {
  test('adds that nothing has changed', async () => {
    const hash = commit()
    writeFileSync(join(dir, 'untracked'), '')
    const info = await describeGit(dir, { env })
    expect(info).toEqual({ commit: hash, branch: 'main', dirty: false, remote: null })
  })

  test('is dirty after a change to one tracked file, and to a thousand', async () => {
    commit()
    writeFileSync(join(dir, 'file.txt'), 'two\n')
    expect((await describeGit(dir, { env }))?.dirty).toBe(true)
    for (let i = 0; i < 1000; i++) writeFileSync(join(dir, `f${i}`), '')
    git('add', '.')
    expect((await describeGit(dir, { env }))?.dirty).toBe(true)
  })

  test.each([
    ['https://me:hunter2@example.org/a/b.git', 'https://example.org/a/b.git'],
    ['https://ghp_hunter2@github.com/a/b.git', 'https://github.com/a/b.git'],
    ['https://example.org/b.git?private_token=hunter2', 'https://example.org/b.git?private_token=***'],
    ['ssh://deploy:hunter2@example.org:22/b.git', 'ssh://deploy@example.org:22/b.git'],
    ['git@github.com:a/b.git', 'git@github.com:a/b.git'],
    ['/srv/git/b.git', '/srv/git/b.git'],
  ])('tells the remote %s without credentials', async (url, expected) => {
    commit()
    git('remote', 'add', 'aaa', 'https://other.example.org/')
    git('remote', 'add', 'origin', url)
    expect((await describeGit(dir, { env }))?.remote).toBe(expected)
  })

  test('takes the first remote where none is called origin', async () => {
    commit()
    git('remote', 'add', 'up.stream', 'https://example.org/x')
    expect((await describeGit(dir, { env }))?.remote).toBe('https://example.org/x')
  })

  test('does not follow GIT_DIR to another repository', async () => {
    commit()
    const info = await describeGit(dir, { env: { ...env, GIT_DIR: join(dir, 'none'), GIT_INDEX_FILE: 'x' } })
    expect(info?.dirty).toBe(false)
  })

  test('does not run the fsmonitor program that a repository names', async () => {
    commit()
    const mark = join(dir, 'ran')
    git('config', 'core.fsmonitor', `touch ${mark}; false`)
    await describeGit(dir, { env })
    expect(() => rmSync(mark)).toThrow('ENOENT')
  })

  test('knows the commit where git is not installed', async () => {
    const hash = commit()
    const info = await describeGit(dir, { env: { PATH: dir } })
    expect(info).toEqual({ commit: hash, branch: 'main', dirty: null, remote: null })
  })

  test('is null outside a repository', async () => {
    expect(await describeGit(dir, { env })).toBeNull()
  })
})
