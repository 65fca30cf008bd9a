/**
 * `offstep/artifacts`: the artifacts of a run, read from its directory: which versions there are, whether their files are
 * whole, and their files in a directory. All of it blocks: not for the training thread.
 */
export type { ArtifactEntry, KeptEntry, ReferenceEntry } from '../record/updates.js'
export { ArtifactError } from './errors.js'
export { findArtifact, listArtifacts, type StoredArtifact, type StoredVersion } from './read.js'
export {
  type ArtifactProblem,
  type TakenArtifact,
  type TakeOptions,
  takeArtifact,
  verifyArtifact,
} from './take.js'
