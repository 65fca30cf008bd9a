import { lazyModule } from '../lazy-module.js'

// Parts of the options that most runs are not given: they are loaded for those that are.

export const alertOptions = lazyModule<typeof import('../alerts/options/index.js')>('alerts/options/index.js')
export const presets = lazyModule<typeof import('./presets.js')>('options/presets.js')
export const sinkOptions = lazyModule<typeof import('./sink-options.js')>('options/sink-options.js')
