/** Entry of the pool thread that draws a run's plots. */
export { drawPlots as default } from '../src/plots/draw-task.js'
