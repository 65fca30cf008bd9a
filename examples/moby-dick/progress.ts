import cliProgress from 'cli-progress'

const BAR_UNITS = 1000
const PLAIN_LINE_EVERY_MS = 5000

export interface ProgressState {
  /** Of the budget, 0 to 1. */
  readonly fraction: number
  readonly step: number
  readonly loss: number
  readonly tokensPerSecond: number
  /** Mean time that the log calls of one step take on the training thread. */
  readonly trackerMicroseconds: number
}

export interface Progress {
  update(state: ProgressState): void
  stop(): void
}

/** A bar on a terminal, a line every few seconds elsewhere, nothing when switched off. */
export function createProgress(enabled: boolean): Progress {
  if (!enabled) return { update: () => {}, stop: () => {} }
  return process.stdout.isTTY ? progressBar() : plainLines()
}

function progressBar(): Progress {
  const bar = new cliProgress.SingleBar({
    format: ' {bar} {percentage}%  step {step}  {details}  {left} left',
    barsize: 24,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    stream: process.stdout,
    // Leave the terminal's own settings alone, so that Ctrl-C has none to restore.
    linewrap: true,
    hideCursor: null,
    etaBuffer: 50,
  })
  const startedAt = performance.now()
  const endLine = () => process.stdout.write('\n')
  bar.start(BAR_UNITS, 0, { step: 0, details: 'starting', left: '-' })
  process.on('exit', endLine)
  return {
    update(state) {
      const elapsedSeconds = (performance.now() - startedAt) / 1000
      const left = `${Math.max(0, Math.ceil(elapsedSeconds / state.fraction - elapsedSeconds))} s`
      const value = Math.min(BAR_UNITS, Math.round(state.fraction * BAR_UNITS))
      bar.update(value, { step: state.step, details: details(state), left })
    },
    stop() {
      bar.stop()
      process.off('exit', endLine)
    },
  }
}

function plainLines(): Progress {
  let printedAt = performance.now()
  return {
    update(state) {
      if (performance.now() - printedAt < PLAIN_LINE_EVERY_MS && state.fraction < 1) return
      printedAt = performance.now()
      const percent = Math.min(100, Math.floor(state.fraction * 100))
      console.log(
        `${String(percent).padStart(3)}%  step ${String(state.step).padStart(5)}  ${details(state)}`,
      )
    },
    stop() {},
  }
}

function details({ loss, tokensPerSecond, trackerMicroseconds }: ProgressState): string {
  const rate = Math.round(tokensPerSecond).toLocaleString('en-US')
  return `loss ${loss.toFixed(3)}  ${rate} tokens/s  tracker ${trackerMicroseconds.toFixed(1)} µs/step`
}
