/** Reports of runs, and the log of a project's experiments: Markdown and HTML files for people. */
export { type WrittenLog, writeExperimentLog } from './log/log.js'
export { type ReportOptions, type WrittenReport, writeComparisonReport, writeRunReport } from './write.js'
