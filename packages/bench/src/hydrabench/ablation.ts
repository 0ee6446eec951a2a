import type { Families } from '@phalanx/detect';

/** Which evidence the detector may use. Simulated infrastructure may flatter metadata, so both halves are always shown. */
export interface Ablation {
  readonly detector: string;
  readonly families: Families;
}

export const WHOLE: Ablation = { detector: 'phalanx', families: { content: true, metadata: true } };

/** The columns beside the whole detector. */
export const ABLATIONS: readonly Ablation[] = [
  { detector: 'phalanx, content only', families: { content: true, metadata: false } },
  { detector: 'phalanx, metadata only', families: { content: false, metadata: true } },
];
