/** A group of accounts worth testing. Proposing is not evidence: whoever proposes has looked at these very accounts. */
export interface Proposal {
  /** Account numbers, ascending. */
  readonly members: Int32Array;
  /** log10 likelihood ratio that the member belongs, by the link's own model; same length. */
  readonly strength: Float64Array;
  /** What linked them, for the report. */
  readonly by: string;
  /** The signature that linked them, when one did. */
  readonly signature?: bigint;
}

/** Share of the ascending list `a` that also stands in the ascending list `b`. */
export function shareInside(a: Int32Array, b: Int32Array): number {
  let i = 0;
  let j = 0;
  let both = 0;
  while (i < a.length && j < b.length) {
    if (a[i]! === b[j]!) {
      both++;
      i++;
      j++;
    } else if (a[i]! < b[j]!) i++;
    else j++;
  }
  return both / Math.max(1, a.length);
}
