import { PhalanxError } from '@phalanx/core';

/** Why a call of this package failed. */
export type CoalitionErrorCode =
  /** Not a STIX object or bundle, or not one that may stand here. */
  | 'COALITION_STIX'
  /** Not a STIX pattern. */
  | 'COALITION_PATTERN'
  /** A message of private matching is malformed, or does not belong to this run. */
  | 'COALITION_MATCHING'
  /** A proof of private matching does not hold: somebody did not follow the protocol. */
  | 'COALITION_PROOF'
  /** A TAXII server answered what it must not, or a request is none of TAXII's. */
  | 'COALITION_TAXII'
  /** Who asks could not be established, or may not. */
  | 'COALITION_IDENTITY'
  /** The sharing policy is malformed, or a decision that it needs is missing, expired or not theirs who signed. */
  | 'COALITION_POLICY'
  /** What came in from others contradicts itself or what is known. */
  | 'COALITION_TRUST'
  /** More bytes, objects, depth, elements or evaluations than are allowed. */
  | 'COALITION_LIMIT';

/** @throws PhalanxError always */
export function refuse(code: CoalitionErrorCode, message: string, advice: string, cause?: unknown): never {
  throw new PhalanxError<CoalitionErrorCode>(code, message, { advice, cause });
}
