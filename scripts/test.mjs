/** `npm test`: sets up and runs every test but the interop ones. Arguments go to vitest. */
import { runTool, setUp } from './setup.mjs'

setUp()
runTool('vitest/vitest.mjs', ['run', ...process.argv.slice(2)])
