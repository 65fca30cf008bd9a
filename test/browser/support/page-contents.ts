/// <reference lib="dom" />
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'puppeteer-core'

/** What a person sees of a page, also inside of the custom elements that TensorBoard is made of. */
export interface PageContents {
  readonly text: string
  /** Width and height of each picture that was loaded. */
  readonly images: readonly (readonly [width: number, height: number])[]
  /** How many there are of each kind of element. */
  readonly elements: { readonly [tag: string]: number }
  /** Shapes of drawings: the `d` of SVG paths. */
  readonly paths: readonly string[]
}

/** Reads a page as it is now. */
export function readPage(page: Page): Promise<PageContents> {
  return page.evaluate(() => {
    const texts: string[] = []
    const images: [number, number][] = []
    const paths: string[] = []
    const elements: Record<string, number> = {}
    const visit = (node: Node): void => {
      if (node instanceof Text) texts.push(node.data)
      if (node instanceof Element) {
        const tag = node.tagName.toLowerCase()
        if (tag === 'style' || tag === 'script' || tag === 'template') return
        elements[tag] = (elements[tag] ?? 0) + 1
        if (node instanceof HTMLImageElement && node.complete && node.naturalWidth > 0) {
          images.push([node.naturalWidth, node.naturalHeight])
        }
        if (node instanceof SVGPathElement) paths.push(node.getAttribute('d') ?? '')
        if (node.shadowRoot !== null) for (const child of node.shadowRoot.childNodes) visit(child)
      }
      for (const child of node.childNodes) visit(child)
    }
    visit(document.body)
    const text = texts
      .map((part) => part.trim())
      .filter(Boolean)
      .join('\n')
    return { text, images, elements, paths }
  })
}

const MAX_PICTURES = 20

/** A picture of a page at rest: pages fade in and move into place. */
export async function pictureOf(page: Page): Promise<Uint8Array> {
  let picture = await page.screenshot()
  for (let taken = 1; taken < MAX_PICTURES; taken++) {
    await delay(200)
    const next = await page.screenshot()
    if (Buffer.compare(picture, next) === 0) break
    picture = next
  }
  return picture
}
