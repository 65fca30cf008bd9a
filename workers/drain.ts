/** Entry of the pool thread that empties the rings into the journal. */
import { Drain } from '../src/daemon/drain.js'
import type { DrainTask } from '../src/daemon/drain-messages.js'

export default function drain(task: DrainTask): void {
  new Drain(task).run()
}
