import chromium from '@sparticuz/chromium'
import puppeteer, { type Browser } from 'puppeteer-core'

/** It draws by itself, without a graphics card; pages are those of our own server, so it needs no sandbox. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--ignore-gpu-blocklist',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--font-render-hinting=none',
]

/** A headless Chromium, which unpacks itself into the temporary directory where it is not there yet. */
export async function startBrowser(): Promise<Browser> {
  return puppeteer.launch({
    args: ARGUMENTS,
    executablePath: await chromium.executablePath(),
    headless: 'shell',
    defaultViewport: { width: 1400, height: 1000 },
  })
}
