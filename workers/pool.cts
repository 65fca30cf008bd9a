/**
 * What each pool thread begins with: it loads the thread's entry, whose URL is its `workerData`, by import().
 *
 * Piscina itself would require() the entry, and a thread that is ended while it requires an ES module takes the
 * whole process with it (Node 20.20: "FATAL ERROR: v8::Module::IsGraphAsync must be used on an instantiated
 * module"). This file is CommonJS, so requiring it is safe.
 */
import threads = require('node:worker_threads')

interface Entry {
  default(task: unknown): unknown
}

const entry = import(threads.workerData as string) as Promise<Entry>

export = async (task: unknown): Promise<unknown> => (await entry).default(task)
