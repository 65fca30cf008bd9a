import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PlotError } from '../plots/errors.js'
import type { Plot } from '../plots/plot.js'
import { renderPng, renderSvg } from '../plots/render/render.js'
import { THEMES, type Theme, type ThemeName, themeOf } from '../plots/theme.js'
import { writeFileAtomic } from '../store/atomic-file.js'

/** A plot, as the page shows it on a light and on a dark screen, and as a picture beside the Markdown. */
export interface Figure {
  readonly title: string
  readonly light: string
  readonly dark: string
  /** Of the PNG, from the directory of the report. */
  readonly link: string
}

export interface DrawnFigures {
  readonly figures: readonly Figure[]
  readonly files: readonly string[]
  /** A sentence for each plot that could not be drawn. */
  readonly problems: readonly string[]
}

/** Below the directory of the report: where the plots of a run are anyway. */
const DIRECTORY = 'plots'

/** Draws plots, and writes them as PNG files below `out`. Throws the file system's errors. */
export async function drawFigures(
  plots: (theme: Theme) => Iterable<Plot>,
  out: string,
): Promise<DrawnFigures> {
  const problems = new Set<string>()
  const drawn = new Map<string, Partial<Record<ThemeName, string>>>()
  for (const theme of THEMES) {
    for (const { name, spec } of plots(themeOf(theme))) {
      const svg = await sparing(problems, async () => (await renderSvg(name, spec)).svg)
      if (svg !== null) drawn.set(name, { ...drawn.get(name), [theme]: svg })
    }
  }
  const files: string[] = []
  const figures: Figure[] = []
  for (const [name, { light, dark }] of drawn) {
    if (light === undefined || dark === undefined) continue
    const png = await sparing(problems, () => renderPng(name, light))
    if (png === null) continue
    mkdirSync(join(out, DIRECTORY), { recursive: true })
    files.push(join(out, DIRECTORY, `${name}.png`))
    writeFileAtomic(files.at(-1)!, png)
    figures.push({
      title: name.replaceAll('_', ' '),
      light: inPage(light, `${name}-light-`),
      dark: inPage(dark, `${name}-dark-`),
      link: `${DIRECTORY}/${encodeURIComponent(name)}.png`,
    })
  }
  return { figures, files, problems: [...problems] }
}

/** Ids of all pictures of a page are in one name space, and each of them begins at the same one. */
export function inPage(svg: string, prefix: string): string {
  const own = prefix.replace(/[^\w-]/g, '_')
  return svg.replace(/(<\w[^<>]* id=")([^"]+")/g, `$1${own}$2`).replace(/(="url\(#)([^)]+\)")/g, `$1${own}$2`)
}

/** Null for a plot that cannot be drawn. Anything else, such as a disk without room, holds for all of them. */
async function sparing<Result>(problems: Set<string>, draw: () => Promise<Result>): Promise<Result | null> {
  try {
    return await draw()
  } catch (error) {
    if (!(error instanceof PlotError)) throw error
    problems.add(error.message)
    return null
  }
}
