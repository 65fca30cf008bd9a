/**
 * Code as it is written to W&B, with offstep in its place: a line is fitted to points by stochastic gradient descent.
 *
 *     npx tsc -b && WANDB_MODE=offline node examples/wandb.mjs       # without an account
 *     npx tsc -b && WANDB_API_KEY=... node examples/wandb.mjs
 */
import wandb from 'offstep/wandb'

const config = { lr: 0.05, epochs: 20, points: 500, slope: 3, intercept: -1 }
const points = Array.from({ length: config.points }, (_, index) => {
  const x = (index / config.points) * 2 - 1
  return { x, y: config.slope * x + config.intercept + Math.sin(index * 12.9898) * 0.1 }
})

await wandb.init({ project: 'line', name: 'sgd', config, tags: ['example'] })
wandb.define_metric('epoch/*', { step_metric: 'epoch/number' })
wandb.define_metric('loss', { summary: 'min' })

let [slope, intercept] = [0, 0]
for (let epoch = 0; epoch < config.epochs; epoch++) {
  const errors = points.map(({ x, y }) => {
    const error = slope * x + intercept - y
    slope -= wandb.config.lr * error * x
    intercept -= wandb.config.lr * error
    wandb.log({ loss: error ** 2, weights: { slope, intercept } })
    return error
  })
  const mean = errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length
  wandb.log({ epoch: { number: epoch, loss: mean, errors: new wandb.Histogram(errors) } })
  if (epoch === 9) wandb.config.lr = 0.01
}

wandb.summary.slope = slope
wandb.summary.intercept = intercept
await wandb.finish()
