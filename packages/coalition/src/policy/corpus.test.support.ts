import { readFileSync } from 'node:fs';
import { SHARING_POLICY } from '../stix/extensions/sharing-policy.js';
import type { StixObject } from '../stix/stix-object.js';
import { LAB_A, POLICIES } from './sample-release.test.support.js';

/** A line of a corpus of `packages/coalition/corpus`. */
export interface Sample {
  readonly category: string;
  readonly language: string;
  readonly place: string;
  readonly disguise: string;
  readonly text: string;
  readonly objects: readonly StixObject[];
}

export function readCorpus(
  name: 'forbidden' | 'lawful' | 'held-out-forbidden' | 'held-out-lawful',
): Sample[] {
  const path = new URL(`../../corpus/${name}.jsonl`, import.meta.url);
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Sample);
}

/** The marking that objects of the corpora name. */
export const CORPUS_MARKING: StixObject = {
  type: 'marking-definition',
  spec_version: '2.1',
  id: 'marking-definition--5d5e7c10-11a1-4f0a-8c80-9f4a6ed9a3b2',
  created_by_ref: LAB_A,
  created: '2026-11-20T00:00:00.000Z',
  name: 'sharing policy',
  extensions: {
    [SHARING_POLICY.id]: {
      extension_type: SHARING_POLICY.kind,
      purpose: 'model-theft-defence',
      min_labs: 1,
      retain_until: '2027-05-20',
      policy_digest: POLICIES.digest,
    },
  },
};
