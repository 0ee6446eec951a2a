import type { CaseFile } from './case-file.js';
import { formatCount, formatPlural, formatShare } from './figures.js';
import { para, type Section } from './report-document.js';

/** Which part of the bundle answers which rule: for counsel, no part of what is declared. */
export function writeRuleAnnexes(file: CaseFile): Section[] {
  return [writeExpertRules(file), writeEuropeanRules(file)];
}

function writeExpertRules(file: CaseFile): Section {
  const { detection, disclosure, preRegistration } = file;
  const runs = detection.calibration;
  const calibrated =
    runs.length === 0
      ? 'The case file lists no run on data where the truth is known.'
      : `${formatPlural(runs.length, 'run')} where the truth is known: ${formatCount(sum(runs.map((run) => run.poolsExamined)))} pools examined, ${formatCount(sum(runs.map((run) => run.falseFindings)))} false findings; hashes of the data are in the report.`;
  return {
    id: 'annex-expert',
    title: 'Annex A: Rule 702 and proposed Rule 707 (not part of the declaration)',
    blocks: [
      para(
        'Proposed Rule 707 would ask of machine-generated evidence offered without an expert what Rule 702(a) to (d) asks of an expert. It was a proposal when this template was written; counsel must look up where it stands. The figures of the report are statistics. Who explains them in court should be able to answer for the method.',
      ),
      {
        kind: 'table',
        caption: 'What the bundle offers for each element',
        columns: [
          { title: 'Element', weight: 3 },
          { title: 'What the bundle offers', weight: 6 },
          { title: 'What it leaves open', weight: 4 },
        ],
        rows: [
          [
            '702(a): helps to understand the evidence or to determine a fact in issue',
            'The report states the claim, each test with its null hypothesis and effect size, the plainest innocent explanation and what would refute the claim.',
            'Whether coordination or demand is a fact in issue.',
          ],
          [
            '702(b): sufficient facts or data',
            `${formatCount(disclosure.entries)} records of the accounts; ${formatCount(detection.exchanges)} exchanges of ${formatCount(detection.accounts)} accounts looked at; ${file.sampling === null ? 'no random sample was opened' : `a random sample of ${formatCount(file.sampling.sampleSize)} records, ${formatCount(file.sampling.opened)} opened`}.`,
            'What the log does not hold; the blind spots that the report names.',
          ],
          [
            '702(c): reliable principles and methods; error rate',
            `Sequential tests by e-values, selection by e-BH (Wang and Ramdas, J. R. Stat. Soc. B 84, 2022) at alpha ${detection.alpha}: expected share of false findings at most ${formatShare(detection.alpha)} if the stated assumptions hold. ${formatCount(detection.poolsExamined)} pools examined, all counted.`,
            'Whether the assumptions hold for this service; acceptance of the detector as a whole.',
          ],
          [
            '702(c): known population, calibration',
            calibrated,
            'How alike that data is to the traffic of this service.',
          ],
          [
            '702(d): reliable application; reproducible run',
            `SHA-256 of the detector code, of the settings and of the report. The run can be repeated on the same telemetry.${preRegistration === null ? '' : ` Hypothesis and threshold were fixed in the log; ${formatCount(preRegistration.usedTries)} of ${formatCount(preRegistration.allowedTries)} tries used.`}`,
            preRegistration === null
              ? 'No registration beforehand: that the settings were not chosen for this case rests on testimony. Repeating needs the telemetry, which is not in the bundle.'
              : 'Repeating needs the telemetry, which is not in the bundle.',
          ],
        ],
      },
    ],
  };
}

function writeEuropeanRules(file: CaseFile): Section {
  const { timestamp, witnesses } = file.log;
  return {
    id: 'annex-eidas',
    title:
      'Annex B: Regulation (EU) No 910/2014, eIDAS, as amended by 2024/1183 (not part of the declaration)',
    blocks: [
      {
        kind: 'table',
        caption: 'What the bundle offers for each provision',
        columns: [
          { title: 'Provision', weight: 4 },
          { title: 'What the bundle offers', weight: 5 },
          { title: 'What it leaves open', weight: 4 },
        ],
        rows: [
          [
            'Art. 41(2): a qualified time stamp enjoys a presumption of the accuracy of its date and time and of the integrity of the data',
            timestamp === null
              ? 'No timestamp.'
              : `A timestamp by ${timestamp.authority} over the checkpoint (RFC 3161).`,
            timestamp === null
              ? 'Everything.'
              : 'Whether this provider and service are qualified: look them up in the trusted list of the Member State. Otherwise Art. 41(1) applies: admissible, without presumption.',
          ],
          [
            'Art. 45l(1)(a): created and managed by one or more qualified trust service providers',
            'Nothing.',
            'The log is no qualified electronic ledger unless such a provider runs it. Otherwise Art. 45k(1) applies: admissible, without the presumption of Art. 45k(2).',
          ],
          [
            'Art. 45l(1)(b): establishes the origin of data records',
            'Checkpoints are signed by the key of the log, statements by the key of their maker.',
            'Who holds the keys.',
          ],
          [
            'Art. 45l(1)(c): unique sequential chronological ordering',
            'Each record has one index; the checkpoint fixes order and number.',
            'That clock times between checkpoints are right.',
          ],
          [
            'Art. 45l(1)(d): any subsequent change is immediately detectable',
            `Any change alters the root hash. ${formatPlural(witnesses.length, 'witness is', 'witnesses are')} named.`,
            'How often witnesses look, and that they are independent.',
          ],
        ],
      },
    ],
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
