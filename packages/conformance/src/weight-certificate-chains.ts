import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatCertificates } from '@phalanx/attestation';
import { issueCertificate, type Party } from '@phalanx/attestation/test-authority';
import { modelSignerOf, signModel } from '@phalanx/weights';
import type { Checks } from './checks.js';
import type { Docket } from './weight-judge.js';
import { CODE_SIGNING, outcome } from './weight-signing-parties.js';

/** Certificates of all kinds over one model: taken where the reference takes them, but for one kind. */
export async function checkCertificateChains(
  checks: Checks,
  docket: Docket,
  model: string,
  folder: string,
): Promise<void> {
  const root = await issueCertificate('chain root', null);
  const middle = await issueCertificate('chain middle', root, { isCa: true });
  const stranger = await issueCertificate('chain root', null);
  const tls = await issueCertificate('chain tls', root, {
    isCa: true,
    purposes: ['1.3.6.1.5.5.7.3.1'],
    isPurposeCritical: false,
  });
  const year = Date.UTC(2020, 0);
  const old = { fromMs: Date.UTC(2025, 5), toMs: Date.UTC(2025, 6) };
  const leaves: readonly (readonly [name: string, leaf: Party, chain: readonly Party[]])[] = [
    ['digital signature', await issueCertificate('leaf', middle, { purposes: null }), [middle]],
    [
      'code signing',
      await issueCertificate('leaf', middle, { purposes: [CODE_SIGNING], isPurposeCritical: false }),
      [middle],
    ],
    [
      'code signing without digital signature',
      await issueCertificate('leaf', middle, { purposes: [CODE_SIGNING], usage: 0x40 }),
      [middle],
    ],
    ['neither', await issueCertificate('leaf', middle, { purposes: null, usage: 0x40 }), [middle]],
    ['an authority', await issueCertificate('leaf', middle, { isCa: true, usage: 0x86 }), [middle]],
    ['expired since', await issueCertificate('leaf', middle, { ...old, purposes: null }), [middle]],
    [
      'older than its issuer',
      await issueCertificate('leaf', middle, { fromMs: year, purposes: null }),
      [middle],
    ],
    ['the middle missing', await issueCertificate('leaf', middle, { purposes: null }), []],
    ['the root in the chain', await issueCertificate('leaf', middle, { purposes: null }), [middle, root]],
    ['by the root itself', await issueCertificate('leaf', root, { purposes: null }), []],
    [
      'by a stranger of the same name',
      await issueCertificate('leaf', stranger, { purposes: null }),
      [stranger],
    ],
    [
      'unknown critical extension',
      await issueCertificate('leaf', middle, { purposes: null, unknownCritical: true }),
      [middle],
    ],
    [
      'issuer is no authority',
      await issueCertificate('leaf', await issueCertificate('fake', middle, { purposes: null }), {
        purposes: null,
      }),
      [middle],
    ],
    ['issuer for TLS alone', await issueCertificate('leaf', tls, { purposes: null }), [tls]],
  ];
  const roots = join(folder, 'chain-roots.pem');
  writeFileSync(roots, formatCertificates([root.der]));
  for (const [name, leaf, chain] of leaves) {
    const signer = modelSignerOf(
      leaf.key,
      [leaf, ...chain].map(({ der }) => der),
    );
    const { signature } = await signModel(model, signer);
    const found = await outcome(model, signature, { roots: readFileSync(roots) });
    const bundle = Buffer.from(signature).toString();
    docket.add({ do: 'verify', model, bundle, roots }, ({ ok, error = 'taken' }) => {
      // OpenSSL asks for no purpose here: an authority for servers alone could certify who signs models.
      const expected = ok && name !== 'issuer for TLS alone';
      checks.check(
        `chain, ${name}`,
        (found === 'ok') === expected,
        () => `${found}, the reference: ${error}`,
      );
    });
  }
}
