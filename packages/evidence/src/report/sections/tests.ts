import type { SignalFamily, SignalResult } from '@phalanx/domain';
import { activityChart } from '../activity-chart.js';
import type { CaseFile } from '../case-file.js';
import { nameCapability } from '../claim-sentence.js';
import { evidenceChart } from '../evidence-chart.js';
import { formatEffect, formatLog10, formatOdds, formatShare } from '../figures.js';
import { type Block, code, para, type Runs, type Section, strong } from '../report-document.js';

const FAMILIES: readonly { readonly family: SignalFamily; readonly title: string }[] = [
  { family: 'coordination', title: 'Coordination: do the accounts act as one?' },
  { family: 'demand', title: 'Demand: is it shaped like training data?' },
  { family: 'context', title: 'Context: shown, never counted' },
];

/** Above this a figure says more about the model of the null than about the world. */
const BEYOND_WORDS = 12;

/** The evidence: pictures, then each test with its null hypothesis, e-value, effect, and what speaks against it. */
export function writeTests(file: CaseFile): Section {
  const { finding } = file;
  return {
    id: 'tests',
    title: 'The evidence, test by test',
    blocks: [
      para([
        'Together: log10 e ',
        formatLog10(finding.log10ECoordination),
        ' for coordination, ',
        formatLog10(finding.log10EDemand),
        ' for demand. The whole is not the sum of the tests below: some use the same exchanges, and the two claims are never added.',
      ]),
      ...[evidenceChart(file), activityChart(file)].filter((chart) => chart !== null),
      ...FAMILIES.flatMap(({ family, title }) => {
        const signals = finding.signals
          .filter((signal) => signal.family === family)
          .sort((a, b) => (b.log10E ?? 0) - (a.log10E ?? 0) || (a.signal < b.signal ? -1 : 1));
        if (signals.length === 0) return [];
        return [{ kind: 'heading', text: title } as const, ...signals.flatMap(writeSignal)];
      }),
      ...sought(file),
      { kind: 'heading', text: 'How the pool was put together' },
      { kind: 'list', items: finding.proposedBy },
    ],
  };
}

function writeSignal(signal: SignalResult): Block[] {
  const { effect } = signal;
  const reference =
    effect.reference === null ? '' : `; ${formatEffect(effect.reference)} in the reference population`;
  return [
    para([strong(signal.sentence)]),
    {
      kind: 'terms',
      items: [
        {
          term: 'Test',
          is:
            signal.atlas === null
              ? [code(signal.signal)]
              : [code(signal.signal), ', MITRE ATLAS ', code(signal.atlas)],
        },
        { term: 'Null hypothesis', is: signal.nullHypothesis },
        { term: 'Evidence', is: explainE(signal.log10E) },
        {
          term: 'Effect size',
          is: `${effect.name}: ${formatEffect(effect.value)}${effect.unit === '' ? '' : ` ${effect.unit}`}${reference}`,
        },
        { term: 'Innocent explanation', is: signal.innocentExplanation },
        { term: 'Refuted by', is: signal.refutedBy },
      ],
    },
  ];
}

function explainE(log10E: number | null): Runs {
  if (log10E === null) return 'none; shown as context and not counted';
  const figure = `log10 e = ${formatLog10(log10E)}. `;
  if (log10E < -0.05) return `${figure}The test speaks for the null hypothesis.`;
  if (log10E < 1) return `${figure}The test says little.`;
  const odds = `If the null hypothesis were true, as much or more would turn up at most once in ${formatOdds(log10E)} such pools.`;
  return log10E < BEYOND_WORDS
    ? figure + odds
    : `${figure}${odds} No model of an innocent world is exact to that degree: read it as far beyond the threshold, no more.`;
}

function sought(file: CaseFile): Block[] {
  const parts = [...file.finding.sought].sort((a, b) => b.share - a.share);
  if (parts.length === 0) return [];
  return [
    { kind: 'heading', text: 'What was asked for' },
    {
      kind: 'table',
      caption: 'Shares of the part that is shaped like training data; one request may ask for several things',
      columns: [
        { title: 'Capability', weight: 3 },
        { title: 'Share', weight: 1, align: 'right' },
      ],
      rows: parts.map((part) => [nameCapability(part.capability), formatShare(part.share)]),
    },
  ];
}
