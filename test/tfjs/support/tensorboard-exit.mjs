/** Writes two tensors, and ends without a flush(): by itself, by process.exit(), or by an exception. */
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { summaryFileWriter } from '../../../dist/src/tfjs/tensorboard/index.js'

const writer = summaryFileWriter(process.env.RUNS)
writer.scalar('a', tf.scalar(1), 1)
writer.scalar('a', tf.scalar(2), 2)
const [way] = process.argv.slice(2)
if (way === 'exit') process.exit(0)
if (way === 'throw') throw new Error('the training failed')
