/** Entry of the pool thread that empties the rings into the journal. */
import { Drain, type DrainTask } from '../src/daemon/drain.js'

export default function drain(task: DrainTask): void {
  new Drain(task).run()
}
