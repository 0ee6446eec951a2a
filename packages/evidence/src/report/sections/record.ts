import type { CaseFile, CaseParty, CustodyStep } from '../case-file.js';
import { formatCount, formatInstant, formatPlural } from '../figures.js';
import { milestonesChart } from '../milestones.js';
import { type Block, code, para, type Run, type Section, strong } from '../report-document.js';

const OBJECTS_SHOWN = 4;

/** Where the records lie, what fixes their time, and who held them. */
export function writeLog(file: CaseFile): Section {
  const { log } = file;
  return {
    id: 'log',
    title: 'The log, and the time',
    blocks: [
      para(
        'Records are appended to a transparency log. Its checkpoint, one hash with a signature, fixes every record and their order. Whoever holds a checkpoint can tell whether a record was in the log, and whether a later log still contains the earlier one unchanged.',
      ),
      milestonesChart(file),
      {
        kind: 'terms',
        items: [
          { term: 'Log', is: [code(log.origin)] },
          { term: 'Verifier key', is: [code(log.verifierKey)] },
          { term: 'Records at the checkpoint', is: formatCount(log.size) },
          { term: 'Root hash', is: [code(log.root)] },
          { term: 'Checkpoint signed', is: `${formatInstant(log.checkpointAtMs)}, by the clock of the log` },
          {
            term: 'The finding',
            is:
              log.finding === null
                ? 'not in the log'
                : `record ${log.finding.index.toLocaleString('en-US')}, appended ${formatInstant(log.finding.atMs)}`,
          },
        ],
      },
      { kind: 'heading', text: 'Who else has seen it' },
      ...witnesses(file),
      { kind: 'heading', text: 'Time from somebody else' },
      log.timestamp === null
        ? para(
            `No timestamp authority has stamped the checkpoint. Its time then rests on the ${log.witnesses.some((witness) => witness.cosignedAtMs !== null) ? 'clocks of the log and of the witnesses' : 'clock of the log'}.`,
          )
        : para(
            `${log.timestamp.authority} stamped the checkpoint at ${formatInstant(log.timestamp.atMs)}${log.timestamp.accuracyMs === null ? '' : `, to within ${log.timestamp.accuracyMs / 1000} s`} (RFC 3161). Everything in the checkpoint existed by then.`,
          ),
      para(
        'When an exchange took place is what the service wrote down. The log shows by when that was on record, which may be later, above all where records were taken from log files.',
      ),
      para(
        'The log shows that records were not altered or removed after a checkpoint was seen by others. It does not show that what was written into it was true.',
      ),
    ],
  };
}

function witnesses(file: CaseFile): Block[] {
  const { witnesses: all, quorum } = file.log;
  if (all.length === 0)
    return [
      para(
        'No witness has cosigned the checkpoint. That the log shows everybody the same records then rests on its operator.',
      ),
    ];
  const signed = all.filter((witness) => witness.cosignedAtMs !== null).length;
  return [
    para(
      `A witness signs a checkpoint only if the log still contains everything it contained before. ${formatCount(signed)} of ${formatPlural(all.length, 'named witness', 'named witnesses')} cosigned this one.${quorum === null ? '' : ` Rule applied: ${quorum}.`} Whether the witnesses are independent of one another is for people to judge.`,
    ),
    {
      kind: 'table',
      caption: 'Witnesses',
      columns: [
        { title: 'Witness', weight: 3 },
        { title: 'Cosigned', weight: 2 },
      ],
      rows: all.map(({ name, cosignedAtMs }) => [
        [code(name)],
        cosignedAtMs === null ? 'no' : formatInstant(cosignedAtMs),
      ]),
    },
  ];
}

/** Who did what with the records, in the order of time. */
export function writeCustody(file: CaseFile): Section {
  const steps = [...file.custody].sort((a, b) => a.startMs - b.startMs);
  return {
    id: 'custody',
    title: 'Chain of custody',
    blocks: [
      para(
        steps.length === 0
          ? 'The case file lists no steps.'
          : 'Each step names who did it, with what, and the hashes of what went in and came out. The same chain is in the bundle for machines, as CASE/UCO.',
      ),
      ...(steps.length === 0
        ? []
        : [
            {
              kind: 'table',
              caption: 'Steps',
              columns: [
                { title: 'Time', weight: 3 },
                { title: 'Step', weight: 5 },
                { title: 'By', weight: 3 },
                { title: 'Objects, SHA-256', weight: 6 },
              ],
              rows: steps.map((step) => [
                step.endMs === step.startMs
                  ? formatInstant(step.startMs)
                  : `${formatInstant(step.startMs)} to ${formatInstant(step.endMs)}`,
                [strong(step.action), `: ${step.what}${recipient(step)}`],
                `${nameParty(step.performer)}, with ${step.instrument.name} ${step.instrument.version}`,
                objects(step),
              ]),
            } as const,
          ]),
    ],
  };
}

/** A person with role and organisation, or the organisation with its role. */
export function nameParty(party: CaseParty): string {
  return party.person === null
    ? `${party.organisation} (${party.role})`
    : `${party.person}, ${party.role}, ${party.organisation}`;
}

function recipient(step: CustodyStep): string {
  return step.recipient === null ? '' : ` Recipient: ${nameParty(step.recipient)}.`;
}

function objects(step: CustodyStep): Run[] {
  const runs: Run[] = [];
  for (const [name, list] of [
    ['in', step.inputs],
    ['out', step.outputs],
  ] as const) {
    if (list.length === 0) continue;
    if (runs.length > 0) runs.push('; ');
    runs.push(`${name}: `);
    for (const [i, object] of list.slice(0, OBJECTS_SHOWN).entries())
      runs.push(i === 0 ? '' : ', ', `${object.name} `, code(object.sha256));
    if (list.length > OBJECTS_SHOWN) runs.push(` and ${formatCount(list.length - OBJECTS_SHOWN)} more`);
  }
  return runs.length === 0 ? ['–'] : runs;
}
