import type { Backend } from './backend.js'
import type { Hyperparameters } from './hyperparameters.js'
import type { CharacterModel } from './model.js'
import { bold, dim, formatNumber } from './style.js'
import type { Corpus } from './text.js'

export function printHeader(
  facts: {
    corpus: Corpus
    model: CharacterModel
    backend: Backend
    unigramPerplexity: number
    runDirectory: string
  },
  { embeddingSize, channels, dilations }: Hyperparameters,
): void {
  const { corpus, model, backend, unigramPerplexity, runDirectory } = facts
  const layers = `${dilations.length} causal convolutions of ${channels} channels`
  const rows: [string, string][] = [
    ['text', corpus.name],
    [
      '',
      `${formatNumber(corpus.training.length)} characters to train on, ${formatNumber(corpus.validation.length)} to validate`,
    ],
    ['model', `embedding of ${embeddingSize}, ${layers}, looks back ${model.receptiveField} characters`],
    ['', `${formatNumber(model.parameterCount)} parameters, vocabulary of ${corpus.vocabulary.size}`],
    ['backend', backend],
    ['to beat', `perplexity ${unigramPerplexity.toFixed(2)}, from character frequencies alone (unigram)`],
    ['run', runDirectory],
  ]
  console.log(`\n${bold('Moby-Dick, one character at a time')}\n`)
  for (const [label, value] of rows) console.log(`  ${dim(label.padEnd(8))} ${value}`)
  console.log()
}
