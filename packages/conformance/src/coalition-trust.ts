import { generateKeyPairSync } from 'node:crypto';
import {
  EXTENSIONS,
  makeDomainObject,
  makeExtensionSchema,
  makeTlpMarking,
  revokeObject,
  type StixObject,
  signObject,
} from '@phalanx/coalition';
import {
  drawCaseId,
  findWarning,
  makeOpinion,
  makeSighting,
  readTraces,
  readWarningList,
  type WarningList,
} from '@phalanx/coalition/trust';
import { PhalanxError, utf8 } from '@phalanx/core';
import { Random } from '@phalanx/stats';
import type { Checks } from './checks.js';
import type { Python } from './python.js';
import type { Suite } from './suite.js';

const PACKAGES = ['stix2-validator==3.3.2', 'pymispwarninglists==1.7.0'];
const ADDRESSES = 400;
const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 23);

/** What trust emits, judged by stix2-validator; warning lists of MISP, read and searched beside their own library. */
export const coalitionTrust: Suite = {
  name: 'coalition-trust',
  what: 'sightings, opinions, appeals and retractions against stix2-validator; the MISP warning lists against pymispwarninglists',
  slow: true,
  async run(checks, { python }) {
    const peers = await python.open(PACKAGES);
    if (typeof peers === 'string') return checks.skip(peers);
    await checkObjects(checks, peers);
    await checkLists(checks, peers);
  },
};

async function checkObjects(checks: Checks, peers: Python): Promise<void> {
  const objects = makeObjects();
  const schemas = Object.fromEntries(
    EXTENSIONS.map((extension) => [
      extension.kind === 'property-extension' ? extension.id : extension.name,
      makeExtensionSchema(extension),
    ]),
  );
  const verdicts: [boolean | null, string][] = JSON.parse(
    await peers.run('stix.py', ['validate'], JSON.stringify({ objects, schemas })),
  );
  for (const [i, { type }] of objects.entries())
    checks.check(`stix2-validator accepts ${type}`, verdicts[i]![0] === true, () => verdicts[i]![1]);
  checks.note(
    `${objects.length} sightings, opinions, appeals and retractions, signed, judged by stix2-validator`,
  );
}

function makeObjects(): StixObject[] {
  const { privateKey } = generateKeyPairSync('ed25519');
  const authorship = {
    createdByRef: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01',
    atMs: NOW,
    markingRefs: [makeTlpMarking('amber').id] as const,
  };
  const indicator = makeDomainObject('indicator', authorship, {
    name: 'address-range',
    indicator_types: ['malicious-activity'],
    pattern: "[network-traffic:src_ref.value ISSUBSET '20.1.2.0/24']",
    pattern_type: 'stix',
    pattern_version: '2.1',
    valid_from: new Date(NOW).toISOString(),
  });
  const sightings = [0, 3, 47, 12_345].map((hits) =>
    makeSighting({ indicatorId: indicator.id, hits, fromMs: NOW - 30 * DAY_MS, toMs: NOW }, authorship),
  );
  const opinions = (['strongly-disagree', 'disagree', 'agree'] as const).flatMap((word) => [
    makeOpinion(indicator.id, word, authorship),
    makeOpinion(indicator.id, word, authorship, drawCaseId()),
  ]);
  const told = [indicator, ...sightings, ...opinions];
  return [...told, ...told.map((object) => revokeObject(object, NOW + 1))].map((object) =>
    signObject(object, { kid: 'lab-a-2026', privateKey }),
  );
}

async function checkLists(checks: Checks, peers: Python): Promise<void> {
  const published: { type: string; name: string; list: string[] }[] = JSON.parse(
    await peers.run('trust.py', ['lists']),
  );
  const blocks = published.filter(({ type }) => type === 'cidr');
  const entries = blocks.reduce((sum, { list }) => sum + list.length, 0);
  const lists: WarningList[] = [];
  let refused = 0;
  for (const { type, name, list } of published) {
    const read = readIfAllowed({ type, name, list });
    if (read === null) refused++;
    else lists.push(read);
    // Lists of blocks must be read; of the others some have a million names, which no trace here can be.
    if (type === 'cidr')
      checks.check(`${name} is read`, read !== null && read.ranges.length + read.unused === list.length);
    else checks.check(`${name} holds no block`, (read?.ranges.length ?? 0) === 0);
  }
  const addresses = drawAddresses(blocks.filter(({ list }) => list.length > 0));
  const found: [string[], string[]][] = JSON.parse(
    await peers.run('trust.py', ['search'], JSON.stringify(addresses)),
  );
  let [listed, differs] = [0, 0];
  for (const [i, address] of addresses.entries()) {
    const [byHand, library] = found[i]!;
    const [trace] = readTraces(`[${address.includes(':') ? 'ipv6' : 'ipv4'}-addr:value = '${address}']`)!;
    const ours = lists
      .filter((list) => findWarning(trace!, [list]) !== null)
      .map(({ name }) => name)
      .sort();
    if (byHand.length > 0) listed++;
    if (byHand.join() !== library.join()) differs++;
    checks.equal(`lists that hold ${address}`, [...new Set(ours)].join('; '), byHand.join('; '));
  }
  checks.note(
    `${published.length} lists of MISP, ${entries} blocks, ${refused} lists of names beyond the limits; ${addresses.length} addresses, ${listed} on some list: equal to Python's ipaddress on all; pymispwarninglists itself departs from it on ${differs}`,
  );
}

function readIfAllowed(list: object): WarningList | null {
  try {
    return readWarningList(utf8(JSON.stringify({ description: '', version: 1, ...list })));
  } catch (error) {
    if (PhalanxError.is(error)) return null;
    throw error;
  }
}

/** Half drawn from anywhere, half from near the beginnings of listed blocks. */
function drawAddresses(blocks: readonly { readonly list: readonly string[] }[]): string[] {
  const random = new Random(20_261_123);
  const anywhere = () =>
    [1 + random.integer(223), random.integer(256), random.integer(256), random.integer(256)].join('.');
  const near = () => {
    const { list } = blocks[random.integer(blocks.length)]!;
    const [address] = (list[random.integer(list.length)] ?? '').split('/');
    return address!.includes(':') || address!.includes('.') ? address! : anywhere();
  };
  return Array.from({ length: ADDRESSES }, (_, i) => (i % 2 === 0 ? anywhere() : near()));
}
