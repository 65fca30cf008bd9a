/** Entry of the pool thread that works media up: histograms, images, audio, ... */
export { makeMedia as default } from '../src/media/make.js'
