export { type JoinedPools, joinPools } from './joined-pools.js';
export {
  JointDocket,
  type JointVerdict,
  judgeCandidate,
} from './joint-docket.js';
export { combineLabs, countProved, neededLog10E, type Tenths } from './joint-evidence.js';
export { type DeclaredFleet, JointLab, type RoundInput } from './joint-lab.js';
export {
  candidateSchema,
  type EvidenceStatement,
  evidenceStatementSchema,
  type JointCandidate,
  type LinkStatement,
  linkStatementSchema,
  MAX_JOINT_TEXT,
  openStatement,
  signStatement,
} from './joint-messages.js';
export { type JointTerms, type PoolName, poolKey } from './joint-terms.js';
export { chooseLinkValues, type HeldValue, type LabelledGroup, type LinkValue } from './link-values.js';
export { type Evaluate, type SealedLinks, sealLinks } from './sealed-links.js';
export { describeVerdict, type VerdictText } from './verdict-text.js';
export { type Growth, LEAST_STRENGTH, measureGrowth, type WatchedPool } from './watched-pool.js';
