/** Entry of the pool threads that bring the journal to the sinks. */
export { deliver as default } from '../src/delivery/deliver.js'
