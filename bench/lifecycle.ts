import { type Benchmark, type Figure, type Settings, secondsOf } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'
import { median } from './statistics.js'

interface Lifecycle {
  readonly importMs: number
  readonly initMs: number
  readonly firstDeliveryMs: number
  readonly finishMs: number
}

interface Idle {
  readonly cpuMs: number
  readonly rss: number
  readonly bareRss: number
}

const MIB = 2 ** 20

export const lifecycle: Benchmark = {
  name: 'lifecycle',
  about: 'what it costs to begin a run, to end it, and to have one that does nothing',
  scopes: ['startup', 'memory'],
  async run(settings: Settings): Promise<Figure[]> {
    const lives: Lifecycle[] = []
    for (let i = 0; i < (settings.quick ? 3 : 15); i++) {
      lives.push(await withDirectory((dir) => isolate<Lifecycle>('lifecycle', { dir })))
    }
    const of = (part: keyof Lifecycle) => lives.map((life) => life[part])
    const worst = (part: keyof Lifecycle) =>
      `worst of ${lives.length}: ${Math.max(...of(part)).toFixed(1)} ms`
    const seconds = secondsOf(settings, 20, 5)
    const idle = (live: boolean) =>
      withDirectory((dir) => isolate<Idle>('idle', { dir, live, seconds }, ['--expose-gc']))
    const bare = await idle(false)
    const live = await idle(true)
    const percent = (ms: number) => ms / seconds / 10
    return [
      { name: 'import', measured: median(of('importMs')), unit: 'ms', note: worst('importMs') },
      {
        name: 'init()',
        measured: median(of('initMs')),
        unit: 'ms',
        target: { atMost: 20 },
        note: worst('initMs'),
      },
      {
        name: 'init() to all sinks delivered',
        measured: median(of('firstDeliveryMs')),
        unit: 'ms',
        note: worst('firstDeliveryMs'),
      },
      {
        name: 'finish() without backlog',
        measured: median(of('finishMs')),
        unit: 'ms',
        target: { atMost: 150 },
        note: worst('finishMs'),
      },
      {
        name: 'CPU of an idle run',
        measured: percent(live.cpuMs - bare.cpuMs),
        unit: '% of a core',
        target: { atMost: 0.5 },
        note: `over ${seconds} s; without a run ${percent(bare.cpuMs).toFixed(2)} %`,
      },
      {
        name: 'memory above bare Node',
        measured: (live.rss - live.bareRss) / MIB,
        unit: 'MiB',
        target: { atMost: 100 },
        note: `bare ${(live.bareRss / MIB).toFixed(0)} MiB; all threads, all default sinks`,
      },
    ]
  },
}
