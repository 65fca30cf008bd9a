/**
 * The pages of real TensorBoard, opened in a headless browser on a run with every kind of media. Pictures of them
 * are left in the system's temporary directory, `offstep-tensorboard-pages`.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'puppeteer-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type MediaRun, mediaRun } from '../interop/support/media-run.js'
import { TensorBoardServer } from '../interop/support/server.js'
import { startBrowser } from './support/browser.js'
import { type PageContents, pictureOf, readPage } from './support/page-contents.js'

const PICTURES = join(tmpdir(), 'offstep-tensorboard-pages')

let run: MediaRun & { readonly directory: string }
let server: TensorBoardServer
let browser: Browser

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true })
  run = mediaRun()
  server = await TensorBoardServer.start(run.runDir, 'fast')
  await server.until('the run', async () => {
    const runs = await server.json<object>('scalars/tags')
    return Object.keys(runs).length > 0 || undefined
  })
  browser = await startBrowser()
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
  rmSync(run.directory, { recursive: true })
})

const PICTURE_SIZES = [
  [40, 24],
  [48, 32],
]

test('"Time series" has the pictures and the names of everything else', async () => {
  await page('timeseries', ({ text, images }) => {
    for (const name of ['counted', 'samples', 'train', 'val', 'weights']) expect(text).toContain(name)
    expect(images).toEqual(PICTURE_SIZES)
  })
})

test('"Scalars" draws a line through the steps of each metric', async () => {
  await page('scalars', ({ text, paths }) => {
    expect(text).toContain('train/loss')
    expect(text).toContain('val/loss')
    expect(paths.filter((path) => points(path) === run.inputs.steps).length).toBeGreaterThanOrEqual(2)
  })
})

test('"Histograms" draws one for each step of each tag', async () => {
  await page('histograms', ({ text, paths }) => {
    expect(text).toContain('counted')
    expect(text).toContain('weights')
    expect(paths.filter((path) => points(path) > 10).length).toBeGreaterThanOrEqual(2 * run.inputs.steps)
  })
})

test('"Distributions" draws bands through the steps of each tag', async () => {
  await page('distributions', ({ text, paths }) => {
    expect(text).toContain('counted')
    expect(text).toContain('weights')
    expect(paths.filter((path) => points(path) >= run.inputs.steps).length).toBeGreaterThanOrEqual(10)
  })
})

test('"Images" shows the pictures in their sizes', async () => {
  await page('images', ({ text, images }) => {
    expect(text).toContain('samples/encoded')
    expect(text).toContain('samples/raw')
    expect(images).toEqual(PICTURE_SIZES)
  })
})

test('"Audio" has a player for the sound', async () => {
  await page('audio', ({ text, elements }) => {
    expect(text).toContain('tone')
    expect(elements.audio).toBe(1)
  })
})

test('"Text" shows the text, and the table as one', async () => {
  await page('text', ({ text, elements }) => {
    expect(text).toContain('The loss\nfell\n.')
    expect(text).toContain('case\ncount\ncat | dog\n7\ndog\n11')
    expect(elements.table).toBe(1)
  })
})

test('"PR curves" draws both curves, at their step', async () => {
  await page('pr_curves', ({ text, paths }) => {
    expect(text).toContain('counted curve')
    expect(text.match(/is at\nstep 3/g)).toHaveLength(2)
    // Three points of the curve given, ten of the other one: their last thresholds are never shown.
    expect(paths.some((path) => points(path) === 3)).toBe(true)
    expect(paths.some((path) => points(path) === 10)).toBe(true)
  })
})

test('"HParams" has the config and the metrics in one row', async () => {
  await page('hparams', ({ text }) => {
    expect(text).toMatch(/augment\nlr\noptimizer\/beta\noptimizer\/name\nwidths\ntrain\/loss\nval\/loss\n/)
    expect(text).toContain('true\n0.0010000\n0.90000\nadam\n[64,32]\n0.17377\n0.20853')
    expect(text).toContain('Number of matching session groups: 1')
  })
})

test('"Graphs" shows the layers of the model, without being asked', async () => {
  await page('graphs', ({ text }) => {
    for (const layer of ['features', 'left', 'inner', 'sum', 'verdict'])
      expect(text.split('\n')).toContain(layer)
  })
})

test('"Mesh" has a drawing', async () => {
  await page('mesh', ({ text, elements }) => {
    expect(text).toContain('tetrahedron')
    expect(elements.canvas).toBeGreaterThan(0)
  })
})

test('"Custom scalars" has the chart of the layout, with the lines that it asks for', async () => {
  await page('custom_scalars', ({ text, paths }) => {
    expect(text).toContain('Losses')
    expect(text).toContain('all losses')
    for (const tag of ['train/loss', 'val/loss']) expect(text).toContain(`${tag} (tensorboard)`)
    expect(paths.filter((path) => points(path) === run.inputs.steps).length).toBeGreaterThanOrEqual(2)
  })
})

/** Opens a page, and waits until what it shows passes; what it shows last is what a failure tells of. */
async function page(name: string, assertShown: (contents: PageContents) => void): Promise<void> {
  const opened = await browser.newPage()
  const errors: unknown[] = []
  opened.on('pageerror', (error) => errors.push(error))
  try {
    await opened.goto(`${server.address}/#${name}`)
    await vi.waitFor(async () => assertShown(await readPage(opened)), { timeout: 60_000, interval: 250 })
    expect(errors).toEqual([])
  } finally {
    writeFileSync(join(PICTURES, `${name}.png`), await pictureOf(opened))
    await opened.close()
  }
}

/** Of an SVG path: how many points it goes through. */
function points(path: string): number {
  return path.match(/[ML]/g)?.length ?? 0
}
