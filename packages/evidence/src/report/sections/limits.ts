import type { CaseFile } from '../case-file.js';
import { para, type Section } from '../report-document.js';

/** What the detector could not see, and what the bundle does not show. */
export function writeLimits(file: CaseFile): Section {
  const { blindSpots } = file.detection;
  return {
    id: 'limits',
    title: 'Limits',
    blocks: [
      { kind: 'heading', text: 'What the detector could not see' },
      blindSpots.length === 0 ? para('The run named no blind spot.') : { kind: 'list', items: blindSpots },
      { kind: 'heading', text: 'What this bundle does not show' },
      {
        kind: 'list',
        items: [
          'Who operates the accounts. Names behind accounts are known to the service, if to anyone.',
          'What was done with the answers. That a model was trained on them would need evidence of its own.',
          'That records were complete and true when they were written. The log fixes them from then on.',
          ...file.limits,
        ],
      },
    ],
  };
}
