import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatPublicKeyPem } from '@phalanx/attestation';
import { expect, it } from 'vitest';
import { exportEvidence } from './export.js';
import { openLaboratory } from './sample-evidence.test.support.js';
import { LINKS, verifyEvidence } from './verify.js';

it('the example of the README runs and prints what it says', { timeout: 60_000 }, async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!.replaceAll(/^import [\s\S]*? from '.*';\n/gm, '');
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-readme-'));
  const lab = await openLaboratory(null);
  try {
    await exportEvidence(join(folder, 'bundle'), { ...lab.request, disclose: 'existence' });
    writeFileSync(join(folder, 'lab.tlog-policy'), lab.policy);
    writeFileSync(join(folder, 'lab-statements.pem'), formatPublicKeyPem(lab.request.statements.publicKey));
    const printed: string[] = [];
    const names = {
      readFile: (path: string) => readFile(join(folder, path)),
      verifyEvidence: (path: string, trust: object) => verifyEvidence(join(folder, path), trust),
      console: { log: (...values: unknown[]) => printed.push(values.join(' ')) },
    };
    const body = `return (async () => {${code}})()`;
    await new Function(...Object.keys(names), body)(...Object.values(names));
    expect(printed.slice(0, -1).map((line) => line.split(' ').slice(0, 2))).toEqual(
      LINKS.map((link) => ['ok', link]),
    );
    expect(printed.at(-1)).toBe(/\/\/ (verified)$/m.exec(code)![1]);
  } finally {
    await lab.close();
    rmSync(folder, { recursive: true });
  }
});
