import type { CaseFile, CaseSampling } from '../case-file.js';
import { formatCount, formatPlural, formatShare } from '../figures.js';
import { type Block, code, para, type Section } from '../report-document.js';
import { countExcludedBySample } from '../sampling-bound.js';

const LEVELS = [
  { level: 'existence', is: 'that a record was in the log at a time; nothing of its content' },
  { level: 'aggregates', is: 'counted in totals that an auditor can compute again' },
  { level: 'metadata', is: 'account, time, sizes, and what else the record says beside the text' },
  { level: 'text', is: 'what was asked and answered' },
] as const;

/** What the bundle opens, at which level, what it keeps back, and what chance made it open. */
export function writeDisclosure(file: CaseFile): Section {
  const { disclosure } = file;
  return {
    id: 'disclosure',
    title: 'What was disclosed, and what was not',
    blocks: [
      para(
        `The log holds ${formatPlural(disclosure.entries, 'record')} of these accounts in the window. Every part of a record lies in the log as a commitment, a number that fixes the content without showing it. To disclose is to open a commitment. What is opened can be checked against the log; what is not opened stays unknown.`,
      ),
      {
        kind: 'table',
        caption: 'Records opened, by level',
        columns: [
          { title: 'Level', weight: 2 },
          { title: 'What it shows', weight: 6 },
          { title: 'Records', weight: 2, align: 'right' },
          { title: 'Share', weight: 2, align: 'right' },
        ],
        rows: LEVELS.map(({ level, is }) => [
          level,
          is,
          formatCount(disclosure.opened[level]),
          disclosure.entries === 0 ? '–' : formatShare(disclosure.opened[level] / disclosure.entries),
        ]),
      },
      ...(disclosure.metadataRecipient === null
        ? []
        : [para(`The metadata is encrypted. It can be read by: ${disclosure.metadataRecipient}.`)]),
      para(
        disclosure.textRecipient === null
          ? 'No text is in the bundle.'
          : `The text is encrypted. It can be read by: ${disclosure.textRecipient}.`,
      ),
      { kind: 'heading', text: 'Not disclosed' },
      disclosure.withheld.length === 0
        ? para('Nothing else was kept back by choice. What the log does not hold cannot be disclosed.')
        : {
            kind: 'table',
            caption: 'Kept back, and why',
            columns: [
              { title: 'What', weight: 1 },
              { title: 'Why', weight: 1 },
            ],
            rows: disclosure.withheld.map(({ what, why }) => [what, why]),
          },
      ...aggregates(file),
      { kind: 'heading', text: 'Records chosen by chance' },
      ...(file.sampling === null
        ? [
            para(
              'No random sample was opened. Whoever doubts that the opened records are typical can ask for one: a seed that nobody knew when the records were logged chooses them.',
            ),
          ]
        : writeSampling(file.sampling)),
    ],
  };
}

function aggregates(file: CaseFile): Block[] {
  if (file.aggregates.length === 0) return [];
  return [
    { kind: 'heading', text: 'Totals that can be computed again' },
    {
      kind: 'table',
      caption: 'Totals over opened records',
      columns: [
        { title: 'Total', weight: 3 },
        { title: 'Value', weight: 2.6, align: 'right' },
        { title: 'How to compute it again', weight: 4.6 },
      ],
      rows: file.aggregates.map(({ name, value, recompute }) => [
        name,
        typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 6 }) : value,
        recompute,
      ]),
    },
  ];
}

function writeSampling(sampling: CaseSampling): Block[] {
  return [
    para(
      `From ${formatPlural(sampling.population, 'record')} a seed chose ${formatCount(sampling.sampleSize)}, and ${formatCount(sampling.opened)} of them were opened and agree with the log.`,
    ),
    para(explainSample(sampling)),
    {
      kind: 'terms',
      items: [
        { term: 'Seed', is: [code(sampling.seed)] },
        { term: 'Source of the seed', is: sampling.seedSource },
      ],
    },
  ];
}

/** What the sample excludes, in words. */
export function explainSample(sampling: CaseSampling): string {
  const { population, sampleSize, opened, confidence } = sampling;
  if (opened === 0)
    return 'Each was shown to be in the log; none was opened at this level of disclosure, so that nothing follows about what they hold.';
  if (opened !== sampleSize)
    return `${formatPlural(Math.max(0, sampleSize - opened), 'chosen record')} could not be opened or did not agree. The sample is not clean, and no bound follows from it.`;
  const excluded = countExcludedBySample(population, sampleSize, confidence);
  if (excluded === null) return 'The sample is empty, and no bound follows from it.';
  if (excluded <= 1) return 'The sample is all there is: every record was opened and agrees.';
  return `If ${formatCount(excluded)} or more of the ${formatCount(population)} records were false, a sample like this would find none of them with a probability of at most ${formatShare(1 - confidence)}. So at a confidence of ${formatShare(confidence)} fewer than ${formatCount(excluded)} records (${formatShare(excluded / population)}) are. The bound is exact (hypergeometric distribution), and holds only if whoever made the bundle could not choose the seed. A record that was never logged cannot be in a sample.`;
}
