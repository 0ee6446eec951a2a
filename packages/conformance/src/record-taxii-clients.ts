import { readFileSync, writeFileSync } from 'node:fs';
import { listen } from '@phalanx/core';
import { PythonSetup } from './python.js';
import { answerTaxii, type MedallionSeed, STORES, seedStore } from './taxii-host.js';

/**
 * Freezes what taxii2-client and stix2 ask for, and what they were answered, for the tests of the server:
 * `node packages/conformance/dist/record-taxii-clients.js SEED packages/coalition/src/taxii/fixtures/taxii2-client.json`
 */
const [seedPath, path] = process.argv.slice(2);
const seed: MedallionSeed = JSON.parse(readFileSync(seedPath!, 'utf8'));
const python = await new PythonSetup().open(['taxii2-client==2.3.0', 'stix2==3.0.2']);
if (typeof python === 'string') throw new Error(python);
const empty = await STORES.memory!();
await seedStore(empty, seed);
const answer = answerTaxii(empty.store);
const exchanges: unknown[] = [];
const listener = await listen(
  async (request) => {
    const body = await request.clone().text();
    const answered = await answer(request);
    const { pathname, search } = new URL(request.url);
    const headers = Object.fromEntries(
      ['accept', 'content-type'].flatMap((name) => {
        const value = request.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
    exchanges.push({
      method: request.method,
      path: `${pathname}${search}`,
      headers,
      isKnown: request.headers.has('authorization'),
      ...(body === '' ? {} : { body }),
      status: answered.status,
      hasDates: answered.headers.has('x-taxii-date-added-first'),
      answer: await answered.clone().text(),
    });
    return answered;
  },
  { host: '127.0.0.1', port: 0, maxBodyBytes: 1_000_000 },
);
const found: [string, boolean, string][] = JSON.parse(
  await python.run('taxii-server.py', ['clients', listener.url]),
);
await listener.close();
const failed = found.filter(([, passed]) => !passed);
if (failed.length > 0) throw new Error(JSON.stringify(failed));
const source =
  'requests of taxii2-client 2.3.0 and stix2 3.0.2 (BSD-3-Clause); seed: default_data.json of medallion 3.0.0 (BSD-3-Clause, OASIS Open)';
const lines = exchanges.map((exchange) => JSON.stringify(exchange)).join(',\n');
writeFileSync(
  path!,
  `{"source":${JSON.stringify(source)},\n"seed":${JSON.stringify(seed)},\n"exchanges":[\n${lines}\n]}\n`,
);
console.log(`${exchanges.length} exchanges, ${found.length} checks passed`);
