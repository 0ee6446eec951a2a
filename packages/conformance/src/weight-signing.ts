import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Suite } from './suite.js';
import { checkBills } from './weight-bills.js';
import { checkBothWays } from './weight-both-ways.js';
import { checkCertificateChains } from './weight-certificate-chains.js';
import { checkChangedModels } from './weight-changed-models.js';
import { Docket, openSigningJudge } from './weight-judge.js';
import {
  checkOtherRoots,
  checkPublishedBundles,
  checkSpecificationVectors,
} from './weight-published-bundles.js';
import { checkMutants } from './weight-signature-mutants.js';
import { makeParties, writeModel } from './weight-signing-parties.js';

/** Signatures of models by us before the reference, by the reference before us, and what neither may take. */
export const weightSigning: Suite = {
  name: 'weight-signing',
  what: 'OpenSSF Model Signing: published bundles, model_signing both ways, mutants, changed models, chains; CycloneDX bills',
  async run(checks, { python, vectors }) {
    const judge = await openSigningJudge(python);
    const ask = typeof judge === 'string' ? null : judge;
    if (typeof judge === 'string') checks.skip(judge);
    const text = ask === null ? undefined : (await ask([{ do: 'trusted-root' }]))[0]!.text;
    const trustedRoot = text === undefined ? null : Buffer.from(text);
    if (trustedRoot === null) checks.skip('no trusted root of Sigstore, which comes with its Python package');
    const docket = new Docket();
    const folder = await mkdtemp(join(tmpdir(), 'phalanx-signing-'));
    try {
      const oms = vectors === null ? null : join(vectors, 'vectors/oms');
      if (oms === null || !existsSync(oms)) checks.skip('no vectors of OpenSSF Model Signing');
      else {
        const bundles = join(oms, 'bundles');
        await checkPublishedBundles(checks, docket, { bundles, folder, trustedRoot });
        checkSpecificationVectors(checks, docket, { oms, trustedRoot });
        if (existsSync(join(oms, '../sigstore-conformance'))) checkOtherRoots(checks, join(oms, '..'));
        else checks.skip('no vectors of Sigstore');
      }
      const parties = await makeParties(folder);
      const [party] = parties;
      const model = join(folder, 'model');
      writeModel(model);
      const schemas = oms === null ? null : join(oms, 'spec/schemas/v1.0');
      await checkBothWays(
        checks,
        docket,
        model,
        parties,
        schemas !== null && existsSync(schemas) ? schemas : null,
      );
      await checkMutants(checks, docket, model, party!);
      await checkChangedModels(checks, docket, party!, folder);
      await checkCertificateChains(checks, docket, model, folder);
      await checkBills(checks, docket, model, party!);
      await docket.close(ask);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
