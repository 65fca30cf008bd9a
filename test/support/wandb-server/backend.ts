import { Artifacts } from './artifacts.js'
import type { Answer } from './graphql.js'
import { StoredRun } from './stored-run.js'

/** Runs by entity, project and id, as a deployment of W&B holds them. */
export class Backend {
  readonly artifacts = new Artifacts()
  /** What runs that are to be rewound are answered with; null: they are. */
  rewindRefusal: Answer | null = null
  readonly #runs = new Map<string, StoredRun>()
  readonly #defaultEntity: string

  constructor(defaultEntity: string) {
    this.#defaultEntity = defaultEntity
  }

  get runs(): StoredRun[] {
    return [...this.#runs.values()]
  }

  /** Fills in what the client has left to the server. */
  owner(entity: unknown, project: unknown): { entity: string; project: string } {
    return { entity: text(entity) ?? this.#defaultEntity, project: text(project) ?? 'uncategorized' }
  }

  find(entity: unknown, project: unknown, id: unknown): StoredRun | undefined {
    const owner = this.owner(entity, project)
    return this.#runs.get(keyOf(owner.entity, owner.project, String(id)))
  }

  hasProject(entity: unknown, project: unknown): boolean {
    const owner = this.owner(entity, project)
    return this.runs.some((run) => run.entity === owner.entity && run.project === owner.project)
  }

  create(entity: unknown, project: unknown, id: string): StoredRun {
    const owner = this.owner(entity, project)
    const run = new StoredRun(owner.entity, owner.project, id)
    this.#runs.set(keyOf(owner.entity, owner.project, id), run)
    return run
  }
}

const keyOf = (...parts: readonly string[]): string => parts.join('/')

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
