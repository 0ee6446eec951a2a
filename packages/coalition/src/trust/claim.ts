/** One lab's signed word that it has seen a trace: by an indicator or by a sighting. */
export interface Claim {
  readonly traceKey: string;
  /** Who answers for the identity that signed. */
  readonly member: string;
  /** Of the indicator, or of the sighting: it begins with the type. */
  readonly objectId: string;
  /** When the hub took it in, milliseconds. */
  readonly atMs: number;
  /** Digest of all traces of the indicator together; null when they are so few that several labs may well name the same. */
  readonly evidenceDigest: string | null;
}

/** A sighting with `count` 0: looked for, and not seen. */
export interface Absence {
  readonly traceKey: string;
  readonly member: string;
  readonly atMs: number;
}

/** Somebody's opinion of an indicator, the last of each. */
export interface StatedOpinion {
  readonly indicatorId: string;
  readonly member: string;
  readonly isAgainst: boolean;
  readonly atMs: number;
  /** Case that it belongs to; null for an opinion of its own. */
  readonly caseId: string | null;
}
