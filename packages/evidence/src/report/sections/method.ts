import type { CaseFile } from '../case-file.js';
import { sufficientLog10E } from '../claim-sentence.js';
import {
  formatCount,
  formatInstant,
  formatLog10,
  formatOdds,
  formatPlural,
  formatShare,
} from '../figures.js';
import { type Block, code, para, type Section } from '../report-document.js';

const SET_ASIDE_SHOWN = 50;

/** What was tried, how findings are picked, and how often that errs, as the detector states it. */
export function writeMethod(file: CaseFile): Section {
  const { detection, finding } = file;
  const counted = finding.signals.filter((signal) => signal.log10E !== null).length;
  const enough = sufficientLog10E(file);
  return {
    id: 'method',
    title: 'What was tried, and how often the method errs',
    blocks: [
      para(
        `The detector proposed ${formatPlural(detection.poolsExamined, 'pool')} of accounts in this run and tested each one. Every pool counts against the bound below, also those that were not reported. It reported ${formatPlural(detection.findings, 'finding')}. This report is about one of them.`,
      ),
      para(
        'A proposal is not evidence. A pool is proposed from what was seen up to some moment and tested on exchanges from after it, so the data that drew attention to the accounts are not used again to accuse them.',
      ),
      para(
        `${formatPlural(counted, 'test')} with a figure of evidence ${counted === 1 ? 'was' : 'were'} made on this pool${context(finding.signals.length - counted)}. Each is a bet against an innocent hypothesis, written as an e-value. If that hypothesis is true, the bet gains nothing on average, however long one watches. An e-value of 1,000 or more then turns up at most once in 1,000 times. The report prints log10 e, the number of zeros.`,
      ),
      {
        kind: 'figures',
        items: [
          { name: 'Pools examined', value: formatCount(detection.poolsExamined) },
          { name: 'Findings reported', value: formatCount(detection.findings) },
          { name: 'Tests counted on this pool', value: formatCount(counted) },
          { name: 'Alpha', value: String(detection.alpha) },
          { name: 'Suffices for one pool, log10 e', value: formatLog10(enough) },
        ],
      },
      { kind: 'heading', text: 'Error rate' },
      para(
        `Findings are picked by the e-BH procedure at alpha = ${detection.alpha}. Among the findings that it reports, the expected share of false ones is at most ${formatShare(detection.alpha)}, if the assumptions named with each test hold. This is a bound on the method. It is not the probability that this finding is false.`,
      ),
      para(
        `An e-value of ${formatOdds(enough)} is enough for one pool by itself: two claims times ${formatPlural(detection.poolsExamined, 'pool')}, divided by alpha.`,
      ),
      ...calibration(file),
      ...setAside(file),
      { kind: 'heading', text: 'Which detector, which settings' },
      {
        kind: 'terms',
        items: [
          { term: 'Software', is: `${file.software.name} ${file.software.version}` },
          { term: 'Detector code, SHA-256', is: [code(detection.detectorSha256)] },
          { term: 'Detection report, SHA-256', is: [code(detection.reportSha256)] },
          { term: 'Run made', is: formatInstant(detection.ranAtMs) },
          {
            term: 'Window',
            is: `${formatInstant(detection.window.fromMs)} to ${formatInstant(detection.window.toMs)}`,
          },
        ],
      },
      {
        kind: 'table',
        caption: 'Settings of the run',
        columns: [
          { title: 'Setting', weight: 2 },
          { title: 'Value', weight: 3 },
        ],
        rows: Object.entries(detection.configuration)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, value]) => [[code(name)], [code(String(value))]]),
      },
      ...preRegistration(file),
    ],
  };
}

function context(count: number): string {
  return count === 0
    ? ''
    : `; ${formatPlural(count, 'more observation is', 'more observations are')} shown and not counted`;
}

function calibration(file: CaseFile): Block[] {
  const runs = file.detection.calibration;
  if (runs.length === 0) return [para('No run on data where the truth is known is part of this case file.')];
  return [
    para('Runs where the truth was known show whether the bound is kept:'),
    {
      kind: 'table',
      caption: 'Runs where the truth was known',
      columns: [
        { title: 'Data', weight: 5 },
        { title: 'Pools examined', weight: 2, align: 'right' },
        { title: 'Findings', weight: 2, align: 'right' },
        { title: 'False', weight: 1, align: 'right' },
      ],
      rows: runs.map((run) => [
        run.sha256 === null ? run.what : [`${run.what}, SHA-256 `, code(run.sha256)],
        formatCount(run.poolsExamined),
        formatCount(run.findings),
        formatCount(run.falseFindings),
      ]),
    },
  ];
}

function setAside(file: CaseFile): Block[] {
  const pools = file.detection.setAside;
  if (pools.length === 0) return [para('No pool was set aside.')];
  const more = pools.length - SET_ASIDE_SHOWN;
  return [
    {
      kind: 'table',
      caption: `Pools examined and set aside as rightly one${more > 0 ? `, first ${SET_ASIDE_SHOWN} of ${formatCount(pools.length)}` : ''}`,
      columns: [
        { title: 'Reason', weight: 5 },
        { title: 'Accounts', weight: 1, align: 'right' },
      ],
      rows: pools.slice(0, SET_ASIDE_SHOWN).map((pool) => [pool.reason, formatCount(pool.accounts)]),
    },
  ];
}

function preRegistration(file: CaseFile): Block[] {
  const fixed = file.preRegistration;
  const title = { kind: 'heading', text: 'Fixed beforehand' } as const;
  if (fixed === null)
    return [
      title,
      para(
        'No hypothesis was registered in the log before this detection. The settings above are those of the run; that they were not chosen with this pool in mind rests on the word of whoever ran it.',
      ),
    ];
  return [
    title,
    para(
      `Hypothesis, threshold and number of tries were written to the log at ${formatInstant(fixed.atMs)}, entry ${fixed.index.toLocaleString('en-US')}, ${order(fixed.atMs, file.finding.firstAlarmAtMs)}.`,
    ),
    {
      kind: 'terms',
      items: [
        { term: 'Hypothesis', is: fixed.hypothesis },
        { term: 'Threshold', is: fixed.threshold },
        {
          term: 'Tries',
          is: `${formatCount(fixed.usedTries)} used of ${formatCount(fixed.allowedTries)} allowed${fixed.usedTries > fixed.allowedTries ? '. More than allowed: the registration does not cover this result.' : ''}`,
        },
        { term: 'Entry, SHA-256', is: [code(fixed.sha256)] },
      ],
    },
  ];
}

function order(fixedAtMs: number, alarmAtMs: number): string {
  return fixedAtMs <= alarmAtMs
    ? 'before the alarm'
    : 'after the alarm: it does not show that they were fixed beforehand';
}
