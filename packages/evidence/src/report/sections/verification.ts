import type { CaseFile } from '../case-file.js';
import { type Block, para, type Section } from '../report-document.js';

/** How a stranger checks the bundle with programs of others. */
export function writeVerification(file: CaseFile): Section {
  return {
    id: 'verification',
    title: 'How to check this without its maker',
    blocks: [
      para(
        'The commands below use programs of others. Where one runs a script of the bundle, read the script first: it is part of what is to be checked. Run them in the folder of the bundle; no network is needed. They check that the files, the log, the signatures and the times fit together. They do not repeat the detection.',
      ),
      ...file.verification.flatMap(({ what, commands, expected }): Block[] => [
        para(what),
        ...(commands.length === 0 ? [] : [{ kind: 'commands', lines: commands } as const]),
        ...(expected === '' ? [] : [para(`Expected: ${expected}`, 'soft')]),
      ]),
      ...(file.verification.length === 0 ? [para('The case file names no commands.')] : []),
      para(
        'The bundle brings the keys of the log, of the witnesses and of the timestamp authority along. Compare them with copies from another source: whoever could replace the keys could replace the rest.',
      ),
    ],
  };
}
