/** Where people see a run. W&B's own API has another host name than its pages; elsewhere they are one. */
export function runUrl(baseUrl: string, run: { entity: string; project: string; runId: string }): string {
  const pages = baseUrl.replace(/^(https?:\/\/)api\.(?=(?:[\w-]+\.)?wandb\.ai$)/, '$1')
  const [entity, project, runId] = [run.entity, run.project, run.runId].map(encodeURIComponent)
  return `${pages}/${entity}/${project}/runs/${runId}`
}
