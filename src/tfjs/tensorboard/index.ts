export { type TensorBoardCallback, type TensorBoardCallbackArgs, tensorBoard } from './callback.js'
export { summaryFileWriter } from './summary-file-writer.js'
export type { SummaryFileWriter, WriterStatus } from './writer.js'
