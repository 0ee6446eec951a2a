import type { CaseFile } from '../case-file.js';
import { explainClaim, NOT_CLAIMED, stateClaim } from '../claim-sentence.js';
import { formatCount, formatDay, formatDuration, formatPlural } from '../figures.js';
import { para, type Section } from '../report-document.js';

const STRONGEST = 4;

/** The first screen: what is claimed, what it rests on, what speaks against it. */
export function writeClaim(file: CaseFile): Section {
  const { finding, detection } = file;
  // Demand is part of what is claimed in a campaign only.
  const claimed = finding.kind === 'distillation-campaign' ? ['coordination', 'demand'] : ['coordination'];
  const strongest = finding.signals
    .filter((signal) => claimed.includes(signal.family) && signal.log10E !== null && signal.log10E > 0)
    .sort((a, b) => b.log10E! - a.log10E!)
    .slice(0, STRONGEST);
  return {
    id: 'claim',
    title: stateClaim(file),
    blocks: [
      para(explainClaim(file), 'lead'),
      para(NOT_CLAIMED),
      {
        kind: 'figures',
        items: [
          { name: 'Accounts', value: formatCount(finding.members.length) },
          { name: 'Exchanges before the alarm', value: formatCount(finding.exchangesBeforeAlarm) },
          { name: 'Exchanges after it', value: formatCount(finding.exchangesAfterAlarm) },
          {
            name: 'From first exchange to alarm',
            value: formatDuration(finding.firstAlarmAtMs - finding.firstExchangeAtMs),
          },
          { name: 'Pools examined in this run', value: formatCount(detection.poolsExamined) },
          { name: 'Bound on false findings (alpha)', value: String(detection.alpha) },
        ],
      },
      { kind: 'heading', text: 'What it rests on' },
      { kind: 'list', items: strongest.map((signal) => signal.sentence) },
      para(
        `Observed from ${formatDay(detection.window.fromMs)} to ${formatDay(detection.window.toMs - 1)} among ${formatPlural(detection.accounts, 'account')} and ${formatPlural(detection.exchanges, 'exchange')}.`,
        'soft',
      ),
      {
        kind: 'aside',
        title: 'The plainest innocent explanation',
        blocks: [
          para(finding.innocentExplanation),
          ...(finding.wouldSettle.length === 0
            ? []
            : [para('What would settle it:'), { kind: 'list', items: finding.wouldSettle } as const]),
        ],
      },
    ],
  };
}
