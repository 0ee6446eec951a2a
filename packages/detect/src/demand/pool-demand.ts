import { logMeanE } from '@phalanx/stats';
import type { ChosenComponent } from './component-choice.js';
import type { DemandProcess } from './demand-process.js';

/** A component whose repeats are being counted. */
export interface WatchedComponent {
  readonly chosen: ChosenComponent;
  readonly demand: DemandProcess;
}

/**
 * Log e-value of a pool's demand over the components that looked promising when they were chosen. Null: every one of them
 * repeats itself as people do.
 *
 * Signatures never overlap, so each prompt moves one of their e-values only, and the product is an e-value too; each is
 * halved with 1 first, so that one that fails costs a factor of two and no more. That is how a mixture of five curated
 * lists, each too short to speak alone, is heard. Shapes and intents overlap: of them and the product, the mean counts.
 */
export function demandLogE(components: readonly WatchedComponent[]): number {
  const promising = components.filter(({ chosen }) => chosen.promising);
  const signatures = promising.filter(({ chosen }) => chosen.component.kind === 'signature');
  const others = promising.filter(({ chosen }) => chosen.component.kind !== 'signature');
  const views = others.map(({ demand }) => demand.logE);
  if (signatures.length > 0)
    views.push(signatures.reduce((sum, { demand }) => sum + logMeanE([0, demand.logE]), 0));
  return views.length === 0 ? 0 : logMeanE(views);
}
