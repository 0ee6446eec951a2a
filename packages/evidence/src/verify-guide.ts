import { readFileSync } from 'node:fs';
import { showInvisible } from '@phalanx/core';
import type { CaseFile } from './report/case-file.js';

/** The program in a bundle that checks it with Python's standard library and OpenSSL. */
export function readVerifyScript(): Uint8Array {
  return new Uint8Array(readFileSync(new URL('../python/verify.py', import.meta.url)));
}

/** `VERIFY.md`: how a stranger checks the bundle, without us. */
export function writeGuide(file: CaseFile): string {
  const { log, caseId, verification } = file;
  const lines = [
    `# How to check this bundle (case ${showInvisible(caseId)})`,
    '',
    'You need no software of ours and no network. Run the commands in the folder that holds this file.',
    '',
    'First compare the key of the log with one that you got elsewhere, on paper or from the website of the laboratory. Everything below rests on it:',
    '',
    `    ${log.verifierKey}`,
    '',
  ];
  for (const [i, { what, commands, expected }] of verification.entries())
    lines.push(
      `${i + 1}. ${what}`,
      '',
      ...commands.map((command) => `       ${command}`),
      '',
      `   It prints: ${expected}.`,
      '',
    );
  lines.push(
    'What each link shows, and what it does not, is in `data/report.pdf`. Somebody with Phalanx checks the same with',
    '',
    '       phalanx evidence verify .',
    '',
  );
  return lines.join('\n');
}
