/** Entry of the pool thread that writes checkpoints. */
export { saveCheckpoint as default } from '../src/checkpoint/save-task.js'
