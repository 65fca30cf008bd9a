import { OptionsError, ResumeError, type Run, resume, withRun } from '../../src/index.js'
import { useBackend } from './backend.js'
import { keepArtifacts } from './checkpoints.js'
import { unigramPerplexity } from './evaluate.js'
import { type Flags, parseFlags, usage } from './flags.js'
import { printHeader } from './header.js'
import { hyperparameters } from './hyperparameters.js'
import { Metrics } from './metrics.js'
import { CharacterModel } from './model.js'
import { createProgress } from './progress.js'
import { createRandom } from './random.js'
import { sampleText } from './sample.js'
import { printSample, printSummary } from './summary.js'
import { type Corpus, loadCorpus } from './text.js'
import { train } from './train.js'
import { UsageError } from './usage-error.js'

async function main(flags: Flags): Promise<void> {
  await useBackend(flags.backend)
  const corpus = loadCorpus()
  const model = new CharacterModel(corpus.vocabulary.size, hyperparameters, flags.seed)
  const unigram = unigramPerplexity(corpus)
  const options = {
    project: 'moby-dick',
    name: 'char-lm',
    config: {
      ...hyperparameters,
      ...flags.budget,
      backend: flags.backend,
      seed: flags.seed,
      dataSet: corpus.name,
      trainingCharacters: corpus.training.length,
      validationCharacters: corpus.validation.length,
      vocabularySize: corpus.vocabulary.size,
      parameterCount: model.parameterCount,
      receptiveField: model.receptiveField,
      unigramPerplexity: unigram,
    },
    tags: ['example', 'tfjs', flags.backend],
    dir: flags.dir,
    sinks: flags.sinks,
    checkpoints: { keepLast: 2, keepBest: 1, metric: 'validation/loss' },
  }
  const run = flags.resume === null ? options : resume({ ...options, run: flags.resume })
  await withRun(run, (run) => trainAndReport(run, flags, { corpus, model, unigramPerplexity: unigram }))
}

async function trainAndReport(
  run: Run,
  { backend, budget, seed, progress: showProgress }: Flags,
  { corpus, model, unigramPerplexity }: { corpus: Corpus; model: CharacterModel; unigramPerplexity: number },
): Promise<void> {
  printHeader({ corpus, model, backend, unigramPerplexity, runDirectory: run.dir }, hyperparameters)

  const random = createRandom(seed + 1)
  const metrics = new Metrics(run)
  const progress = createProgress(showProgress)
  const training = await train({ run, model, corpus, hyperparameters, budget, random, metrics, progress })
  progress.stop()

  const sample = { prompt: 'The whale ', length: 300, temperature: 0.7, random }
  const text = await sampleText(model, corpus.vocabulary, sample)
  metrics.logSample(text, training.lastStep)
  await keepArtifacts(run, hyperparameters)

  const counts = await run.finish({ status: 'completed', timeoutMs: 30_000 })
  printSample(text, sample.temperature)
  printSummary({ metrics, training, unigramPerplexity, counts, runDirectory: run.dir })
}

try {
  const flags = parseFlags(process.argv.slice(2))
  if (flags.help) console.log(usage)
  else await main(flags)
} catch (error) {
  const explained = [UsageError, OptionsError, ResumeError].some((known) => error instanceof known)
  console.error(explained ? (error as Error).message : error)
  process.exitCode = explained ? 2 : 1
}
