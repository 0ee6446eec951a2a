/** What all labs of a coalition and its hub agree on before the first round; none of it may depend on anybody's telemetry. */
export interface JointTerms {
  /** Week of the key that values are evaluated under. */
  readonly epoch: number;
  /** Labs that must hold a value before it is revealed, 2 to 50. */
  readonly threshold: number;
  /** Values that each lab submits a round, padding included: equal for all, so that it says nothing of any. */
  readonly entries: number;
  /** Probability that any candidate is ever reported as what it is not, 0 < alpha < 1. */
  readonly alpha: number;
}

/** Of one pool: a lab's place (1 to 255) and the label that it drew for the pool, 1 to 999. */
export interface PoolName {
  readonly place: number;
  readonly label: number;
}

export const LABELS = 999;

/** `3:417` */
export function poolKey({ place, label }: PoolName): string {
  return `${place}:${label}`;
}
