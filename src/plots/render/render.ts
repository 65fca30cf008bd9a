import type { TopLevelSpec } from 'vega-lite'
import { PlotError } from '../errors.js'
import { FONT_FILES } from './font.js'
import { installTextWidths, type TextMetrics } from './text-width.js'

/** Pixels of a PNG per pixel of the chart: sharp on a screen of high density, and in print. */
export const PNG_SCALE = 2

export interface RenderedSvg {
  readonly svg: string
  /** What Vega-Lite or Vega had to say. Empty for a specification that is right. */
  readonly warnings: readonly string[]
}

type Libraries = Awaited<ReturnType<typeof load>>

let libraries: Promise<Libraries> | null = null

/** Loaded with the first plot: they take some 20 MB, and longer to load than a small plot takes to draw. */
async function load() {
  const [vega, lite] = await Promise.all([import('vega'), import('vega-lite')])
  installTextWidths((vega as unknown as { readonly textMetrics: TextMetrics }).textMetrics)
  return { vega, lite }
}

/** Loads what drawing takes, so that the first plot does not wait for it. */
export async function warmUp(): Promise<void> {
  libraries ??= load()
  await libraries
}

/** Draws a specification. Throws a PlotError that says what could not be drawn: `name` is the plot's. */
export async function renderSvg(name: string, spec: TopLevelSpec): Promise<RenderedSvg> {
  try {
    libraries ??= load()
    const { vega, lite } = await libraries
    const warnings: string[] = []
    const logger = collectInto(warnings)
    const compiled = lite.compile(spec, { logger })
    const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logger })
    try {
      return { svg: await view.toSVG(), warnings }
    } finally {
      view.finalize()
    }
  } catch (error) {
    throw new PlotError(`the plot "${name}" could not be drawn: ${(error as Error).message}`, error)
  }
}

/** The SVG as a PNG of PNG_SCALE times its size. On another thread. Throws a PlotError. */
export async function renderPng(name: string, svg: string): Promise<Buffer> {
  try {
    const { renderAsync } = (await import('@resvg/resvg-js')).default
    const image = await renderAsync(svg, {
      fitTo: { mode: 'zoom', value: PNG_SCALE },
      font: { fontFiles: [...FONT_FILES], loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' },
    })
    return image.asPng()
  } catch (error) {
    throw new PlotError(`the plot "${name}" could not be made a PNG: ${(error as Error).message}`, error)
  }
}

/** Vega's interface of a logger. What it says is told to nobody else: nothing of it may reach a user's terminal. */
function collectInto(warnings: string[]) {
  const logger = {
    level: () => logger,
    error: (...parts: readonly unknown[]) => note(parts),
    warn: (...parts: readonly unknown[]) => note(parts),
    info: () => logger,
    debug: () => logger,
  }
  const note = (parts: readonly unknown[]) => {
    warnings.push(parts.join(' '))
    return logger
  }
  return logger as never
}
