/** What an MLflow server has of a run, by its REST API. */

export interface HistoryPoint {
  readonly timestamp: number
  readonly step: number
  readonly value: number
}

export interface ServerRun {
  readonly status: string
  readonly endTime: number
  readonly name: string
  readonly artifactUri: string
  readonly params: { readonly [key: string]: string }
  readonly tags: { readonly [key: string]: string }
  /** Names of the metrics. */
  readonly metrics: readonly string[]
}

type Pairs = readonly { readonly key: string; readonly value: string }[]

const PAGE = 10_000

export class MlflowReader {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async run(runId: string): Promise<ServerRun> {
    const { run } = await this.#get('runs/get', { run_id: runId })
    const pairs = (given: Pairs = []) => Object.fromEntries(given.map(({ key, value }) => [key, value]))
    return {
      status: run.info.status,
      endTime: Number(run.info.end_time),
      name: run.info.run_name,
      artifactUri: run.info.artifact_uri,
      params: pairs(run.data.params),
      tags: pairs(run.data.tags),
      metrics: ((run.data.metrics ?? []) as Pairs).map(({ key }) => key),
    }
  }

  /** In the order of time, step and value. */
  async history(runId: string, name: string): Promise<HistoryPoint[]> {
    const points: HistoryPoint[] = []
    let token = ''
    do {
      const query = {
        run_id: runId,
        metric_key: name,
        max_results: `${PAGE}`,
        ...(token && { page_token: token }),
      }
      const page = await this.#get('metrics/get-history', query)
      for (const { timestamp, step = 0, value = 0 } of page.metrics ?? []) {
        points.push({ timestamp: Number(timestamp), step: Number(step), value: Number(value) })
      }
      token = page.next_page_token ?? ''
    } while (token !== '')
    return points
  }

  /** Ids of all runs of an experiment, the oldest first. */
  async runs(experiment: string): Promise<string[]> {
    const found = await this.#get('experiments/get-by-name', { experiment_name: experiment })
    const body = {
      experiment_ids: [found.experiment.experiment_id],
      order_by: ['attributes.start_time ASC'],
      run_view_type: 'ALL',
    }
    const { runs = [] } = await this.post('runs/search', body)
    return runs.map((run: { info: { run_id: string } }) => run.info.run_id)
  }

  async artifact(uri: string, path: string): Promise<Buffer> {
    const root = new URL(uri).pathname.replace(/^\//, '')
    const encoded = path.split('/').map(encodeURIComponent).join('/')
    const response = await fetch(`${this.#url}/api/2.0/mlflow-artifacts/artifacts/${root}/${encoded}`)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return Buffer.from(await response.arrayBuffer())
  }

  // biome-ignore lint/suspicious/noExplicitAny: what the server says is what the tests check.
  async post(path: string, body: object): Promise<any> {
    const response = await fetch(`${this.#url}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above.
  async #get(path: string, query: Record<string, string>): Promise<any> {
    const response = await fetch(`${this.#url}/api/2.0/mlflow/${path}?${new URLSearchParams(query)}`)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
}
