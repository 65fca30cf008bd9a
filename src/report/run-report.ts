import { summarize } from '../store/runs/helpers.js'
import type { StoredRun } from '../store/runs/stored-run.js'
import { secondsText } from '../text/values.js'
import type { Report } from './document.js'
import { runFacts, statusText } from './facts.js'
import type { DrawnFigures } from './figures.js'
import { checkpointSection, resumeSection } from './history.js'
import {
  closingSections,
  configTable,
  curves,
  environment,
  factsTable,
  NOTES_TITLE,
  section,
  statistics,
} from './sections.js'
import { joined, utcText } from './texts.js'

/** The report of one run. Blocks: not for the training thread. */
export function runReport(run: StoredRun, drawn: DrawnFigures): Report {
  const summary = summarize(run)
  const took = `${run.state.live ? 'so far ' : ''}${secondsText(run.durationSeconds)}`
  return {
    title: run.name,
    lead: joined([run.project, statusText(run), utcText(run.startTime), took], ' · '),
    sections: [
      ...section(NOTES_TITLE, { kind: 'text', text: run.notes }),
      ...section(
        'Run',
        factsTable(
          runFacts(() => summary),
          [run],
          [],
        ),
      ),
      ...section('Config', configTable(run)),
      ...environment([run], []),
      ...curves(drawn),
      ...statistics(run, summary),
      ...checkpointSection(run),
      ...resumeSection(run),
      ...closingSections([run], []),
    ],
  }
}
