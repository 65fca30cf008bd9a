import fs from 'node:fs'
import path from 'node:path'
import { draw } from './charts/draw.js'
import { pageOf } from './page.js'
import { type NamedReport, sectionsOf } from './sections.js'

const PAGE = 'benchmarks.md'
const CHARTS = 'benchmarks'

/** Writes the page and all its charts below `directory`, and removes charts that it no longer has. Returns their number. */
export async function writeDocument(reports: readonly NamedReport[], directory: string): Promise<number> {
  const sections = sectionsOf(reports)
  const charts = sections.flatMap(({ parts }) => parts.flatMap((part) => part.charts))
  const images = path.join(directory, CHARTS)
  fs.mkdirSync(images, { recursive: true })
  const written = new Set<string>()
  for (const { chart, slug } of charts) {
    const { light, dark } = await draw(chart)
    for (const [file, svg] of Object.entries({ [`${slug}.svg`]: light, [`${slug}-dark.svg`]: dark })) {
      fs.writeFileSync(path.join(images, file), `${svg}\n`)
      written.add(file)
    }
  }
  for (const file of fs.readdirSync(images)) {
    if (file.endsWith('.svg') && !written.has(file)) fs.rmSync(path.join(images, file))
  }
  fs.writeFileSync(path.join(directory, PAGE), pageOf(reports, sections, CHARTS))
  return charts.length
}
