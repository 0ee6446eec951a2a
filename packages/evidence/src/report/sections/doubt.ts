import type { CaseFile } from '../case-file.js';
import { para, type Section } from '../report-document.js';

/** What speaks for innocence, and what would overturn the claim. */
export function writeDoubt(file: CaseFile): Section {
  const { finding } = file;
  const counted = finding.signals.filter((signal) => signal.log10E !== null && signal.log10E > 0);
  const others = new Set(
    counted
      .map((signal) => signal.innocentExplanation)
      .filter((explanation) => explanation !== finding.innocentExplanation),
  );
  return {
    id: 'doubt',
    title: 'What speaks against it, and what would refute it',
    blocks: [
      para(finding.innocentExplanation, 'lead'),
      ...(others.size === 0
        ? []
        : [
            para('Single tests could also come out as they did for other reasons:'),
            { kind: 'list', items: [...others] } as const,
          ]),
      { kind: 'heading', text: 'What would refute or settle it' },
      {
        kind: 'list',
        items: [...new Set([...finding.wouldSettle, ...counted.map((signal) => signal.refutedBy)])],
      },
    ],
  };
}
