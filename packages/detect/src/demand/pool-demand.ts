import { logMeanE } from '@phalanx/stats';
import type { ChosenComponent } from './component-choice.js';
import type { DemandProcess } from './demand-process.js';

/** A component whose repeats are being counted. */
export interface WatchedComponent {
  readonly chosen: ChosenComponent;
  readonly demand: DemandProcess;
}

/** Weights of keeping the stake and of betting it: most of a pool's signatures are its cover's. */
const STAKED = [0.8, 0.2];

/**
 * Log e-value of a pool's demand over the components that looked promising when they were chosen. Null: every one of them
 * repeats itself as people do.
 *
 * Signatures never overlap, so each prompt moves one of their e-values only, and the product is an e-value too; of each a
 * fifth is staked, so that one that fails costs a factor of 0.8 and no more. That is how a mixture of five curated
 * lists, each too short to speak alone, is heard. Shapes and intents overlap: of them and the product, the mean counts.
 */
export function demandLogE(components: readonly WatchedComponent[]): number {
  const promising = components.filter(({ chosen }) => chosen.promising);
  const signatures = promising.filter(({ chosen }) => chosen.component.kind === 'signature');
  const others = promising.filter(({ chosen }) => chosen.component.kind !== 'signature');
  const views = others.map(({ demand }) => demand.logE);
  if (signatures.length > 0)
    views.push(signatures.reduce((sum, { demand }) => sum + logMeanE([0, demand.logE], STAKED), 0));
  return views.length === 0 ? 0 : logMeanE(views);
}
