/** Entry of the pool thread that completes earlier runs beside a live one. */
export { recoverMany as default } from '../src/recovery/recover-many.js'
