// Writes the corpora: every text of `*-texts.mjs` in an object of STIX, at a place and in a disguise that follow from its number.
// node packages/coalition/corpus/build.mjs [first] [held-out]
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const LAB = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01';
const AMBER = 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421';
/** The marking that the reader of a corpus adds: its digest is that of the policies that judge. */
const POLICY = 'marking-definition--5d5e7c10-11a1-4f0a-8c80-9f4a6ed9a3b2';
const DAY = '2026-11-20T00:00:00.000Z';
const EXTENSIONS = {
  cluster: 'extension-definition--98e957d2-542a-402d-bf0e-252c0344101b',
  mark: 'extension-definition--f69dd1f7-61c3-46b7-93dc-f481a398cdf7',
  lineage: 'extension-definition--85702155-57c7-487e-a154-0021befb5ffa',
  fingerprint: 'extension-definition--bc141654-fd17-4583-8aac-d7364e7b7181',
};

const hex = (seed, digits) => {
  let out = '';
  for (let i = 0; out.length < digits; i++) out += createHash('sha256').update(`${seed} ${i}`).digest('hex');
  return out.slice(0, digits);
};
const uuid = (seed) => hex(seed, 32).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-a$4-$5');
const common = (type, seed) => ({
  type,
  spec_version: '2.1',
  id: `${type}--${uuid(seed)}`,
  created_by_ref: LAB,
  created: DAY,
  modified: DAY,
  object_marking_refs: [AMBER, POLICY],
});
const campaign = (seed, more) => ({ ...common('campaign', seed), name: 'distillation-campaign', ...more });
const cluster = (seed, more) => ({
  ...common('x-llm-account-cluster', seed),
  extensions: { [EXTENSIONS.cluster]: { extension_type: 'new-sdo' } },
  size_bucket: '10-99',
  first_day: '2026-11-11',
  last_day: '2026-11-20',
  features: { log10_e_coordination: 41, pools_examined: 120 },
  ...more,
});
const indicator = (seed, more) => ({
  ...common('indicator', seed),
  name: 'prompt-fingerprint',
  indicator_types: ['malicious-activity'],
  pattern: `[x-llm-prompt-fingerprint:digest = '${hex(seed, 192)}']`,
  pattern_type: 'stix',
  pattern_version: '2.1',
  valid_from: DAY,
  valid_until: '2027-02-18T00:00:00.000Z',
  ...more,
});
const opinion = (seed, more) => ({
  ...common('opinion', seed),
  opinion: 'agree',
  object_refs: [`indicator--${uuid(`${seed} other`)}`],
  ...more,
});
const sighting = (seed, more) => ({
  ...common('sighting', seed),
  sighting_of_ref: `indicator--${uuid(`${seed} other`)}`,
  first_seen: DAY,
  last_seen: DAY,
  count: 10,
  ...more,
});
const mark = (seed, more) => ({
  ...common('x-llm-watermark-detection', seed),
  extensions: { [EXTENSIONS.mark]: { extension_type: 'new-sdo' } },
  scheme: 'kgw',
  key_commitment: hex(seed, 64),
  tokens_scored: 48000,
  statistic: 'green tokens over their expectation, each n-gram once',
  score: 0.073,
  p_value_log10: -23,
  null_model: 'the texts and the key are independent',
  tries: 12,
  ...more,
});
const fingerprint = (seed, more) => ({
  type: 'x-llm-prompt-fingerprint',
  spec_version: '2.1',
  id: `x-llm-prompt-fingerprint--${uuid(seed).replace('-4', '-5')}`,
  object_marking_refs: [AMBER, POLICY],
  extensions: { [EXTENSIONS.fingerprint]: { extension_type: 'new-sco' } },
  algorithm: 'phalanx-template-1',
  params_digest: hex(`${seed} params`, 64),
  digest: hex(seed, 192),
  ...more,
});
const actor = (seed, more) => ({ ...common('threat-actor', seed), name: 'unnamed operator', ...more });

const split = (text) => {
  const letters = [...text];
  const middle = Math.floor(letters.length / 2);
  const words = text.split(' ');
  return words.length > 1
    ? [
        words.slice(0, Math.ceil(words.length / 2)).join(' '),
        words.slice(Math.ceil(words.length / 2)).join(' '),
      ]
    : [letters.slice(0, middle).join(''), letters.slice(middle).join('')];
};
const slug = (text) =>
  text
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase()
    .slice(0, 60);

/** Where a text may hide. The first ten are places in which a person may write once counsel has read it: only detectors stand there. */
const PLACES = {
  description: (seed, text) => [campaign(seed, { description: text })],
  'description of a cluster': (seed, text) => [
    cluster(seed, { description: `Template reuse is high. ${text}` }),
  ],
  label: (seed, text) => [campaign(seed, { labels: ['rotation', text] })],
  'labels, in pieces': (seed, text) => [campaign(seed, { labels: text.split(' ').slice(0, 16) })],
  'explanation of an opinion': (seed, text) => [opinion(seed, { explanation: text })],
  'description of a reference': (seed, text) => [
    campaign(seed, { external_references: [{ source_name: 'case', description: text }] }),
  ],
  'id of a reference': (seed, text) => [
    campaign(seed, { external_references: [{ source_name: 'case', external_id: text }] }),
  ],
  'description and label, split': (seed, text) => [
    campaign(seed, { description: split(text)[0], labels: [split(text)[1]] }),
  ],
  'two objects, split': (seed, text) => [
    campaign(seed, { description: split(text)[0] }),
    indicator(`${seed} b`, { description: split(text)[1] }),
  ],
  'null of a mark': (seed, text) => [mark(seed, { null_model: text })],
  'assumption of a mark': (seed, text) => [mark(seed, { assumption: text })],
  'address of a reference': (seed, text) => [
    campaign(seed, {
      external_references: [
        { source_name: 'case', url: `https://case.example/?q=${encodeURIComponent(text)}` },
      ],
    }),
  ],
  'alias of an actor': (seed, text) => [actor(seed, { aliases: [text] })],
  'name of a campaign': (seed, text) => [campaign(seed, { name: text })],
  'name of an actor': (seed, text) => [actor(seed, { name: text })],
  'own property': (seed, text) => [campaign(seed, { x_note: text })],
  'name of a property': (seed, text) => [campaign(seed, { [`x_${slug(text)}`]: true })],
  'name of a hash': (seed, text) => [
    {
      type: 'file',
      spec_version: '2.1',
      id: `file--${uuid(seed)}`,
      object_marking_refs: [AMBER, POLICY],
      hashes: { 'SHA-256': hex(seed, 64), [`x_${slug(text)}`]: 'ab' },
    },
  ],
  'value of a hash': (seed, text) => [
    {
      type: 'file',
      spec_version: '2.1',
      id: `file--${uuid(seed)}`,
      object_marking_refs: [AMBER, POLICY],
      hashes: { 'SHA-256': Buffer.from(text.padEnd(32)).subarray(0, 32).toString('hex') },
    },
  ],
  'literal of a pattern': (seed, text) => [
    indicator(seed, {
      pattern: `[x-llm-prompt-fingerprint:digest = '${text.replaceAll(/['\\]/g, '\\$&')}']`,
    }),
  ],
  'comment of a pattern': (seed, text) => [
    indicator(seed, {
      pattern: `[x-llm-prompt-fingerprint:digest = '${hex(seed, 64)}'] /* ${text.replaceAll('*/', '')} */`,
    }),
  ],
  'fingerprint, spelt in hexadecimal': (seed, text) => [
    fingerprint(seed, { digest: Buffer.from(text).toString('hex').padEnd(32, '20') }),
  ],
  'value of an extension': (seed, text) => [
    cluster(seed, {
      extensions: {
        [EXTENSIONS.cluster]: { extension_type: 'new-sdo' },
        'extension-definition--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a99': {
          extension_type: 'property-extension',
          remark: text,
        },
      },
    }),
  ],
  'a note': (seed, text) => [
    { ...common('note', seed), content: text, object_refs: [`campaign--${uuid(seed)}`] },
  ],
  'a report': (seed, text) => [
    { ...common('report', seed), name: text, published: DAY, object_refs: [`campaign--${uuid(seed)}`] },
  ],
  'own course of action': (seed, text) => [{ ...common('course-of-action', seed), name: text }],
  'type of a threat': (seed, text) => [actor(seed, { goals: [text] })],
};

const HOMOGLYPHS = { a: 'а', e: 'е', o: 'о', p: 'р', c: 'с', x: 'х', i: 'і' };
const LEET = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' };
const DISGUISES = {
  none: (text) => text,
  base64: (text) => Buffer.from(text).toString('base64'),
  hexadecimal: (text) => Buffer.from(text).toString('hex'),
  percent: (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  entities: (text) => [...text].map((one) => `&#${one.codePointAt(0)};`).join(''),
  homoglyphs: (text) => text.replace(/[aeopcxi]/g, (one, at) => (at % 2 === 0 ? HOMOGLYPHS[one] : one)),
  'zero width': (text) => [...text].join('\u200b'),
  'full width': (text) => text.replace(/[!-~]/g, (one) => String.fromCodePoint(one.codePointAt(0) + 0xfee0)),
  'base64 in a sentence': (text) => `see ${Buffer.from(text).toString('base64url')} for the rest`,
  escapes: (text) =>
    [...text]
      .map((one) => (one.length === 1 ? `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}` : one))
      .join(''),
  'base64 twice': (text) => Buffer.from(Buffer.from(text).toString('base64')).toString('base64'),
  'soft hyphens': (text) => text.replace(/(\p{L}{3})(?=\p{L})/gu, '$1\u00ad'),
  'digits for letters': (text) => text.replace(/[aeiost]/g, (one, at) => (at % 3 === 0 ? LEET[one] : one)),
  backwards: (text) => [...text].reverse().join(''),
  'upper case': (text) => text.toUpperCase(),
};
/** Those that change letters would make another key or number of a text that is one. */
const EXACT = new Set(['secret', 'personal-data']);
/** Places at the head of the list in which a person may write. */
const OPEN = 13;
const OF_LETTERS = ['digits for letters', 'backwards', 'upper case'];

function* rows(texts) {
  let number = 0;
  const kinds = Object.entries(texts);
  const longest = Math.max(...kinds.map(([, list]) => list.length));
  for (let i = 0; i < longest; i++)
    for (const [category, list] of kinds)
      if (list[i] !== undefined) yield { number: number++, category, language: list[i][0], text: list[i][1] };
}

/** Lawful drafts with a text that counsel has read. */
const LAWFUL_PLACES = {
  description: (seed, text) => [campaign(seed, { description: text })],
  'label of a cluster': (seed, text) => [cluster(seed, { labels: [text] })],
  'explanation of an opinion': (seed, text) => [opinion(seed, { opinion: 'disagree', explanation: text })],
  'description of an indicator': (seed, text) => [fingerprint(seed), indicator(seed, { description: text })],
  label: (seed, text) => [cluster(seed, { labels: ['template-reuse', text] })],
  'null of a mark': (seed, text) => [mark(seed, { null_model: text })],
};

const address = (seed, type, value) => ({
  type,
  spec_version: '2.1',
  id: `${type}--${uuid(seed).replace('-4', '-5')}`,
  object_marking_refs: [AMBER, POLICY],
  value,
});
const token = (seed, valueClass) => ({
  type: 'x-oprf-token',
  spec_version: '2.1',
  id: `x-oprf-token--${uuid(seed).replace('-4', '-5')}`,
  object_marking_refs: [AMBER, POLICY],
  extensions: { 'extension-definition--7afbdf0e-d3a5-416f-9e0b-d820d3826f11': { extension_type: 'new-sco' } },
  suite: 'ristretto255-SHA512',
  key_epoch: '2026-w47',
  value_class: valueClass,
  token: hex(seed, 128),
});
const relationship = (seed, type, source, target) => ({
  ...common('relationship', seed),
  relationship_type: type,
  source_ref: source,
  target_ref: target,
});
const file = (seed) => ({
  type: 'file',
  spec_version: '2.1',
  id: `file--${uuid(seed).replace('-4', '-5')}`,
  object_marking_refs: [AMBER, POLICY],
  hashes: { 'SHA-256': hex(seed, 64) },
});
const lineage = (seed, verdict) => ({
  ...common('x-llm-model-lineage', seed),
  extensions: { [EXTENSIONS.lineage]: { extension_type: 'new-sdo' } },
  suspect_refs: [file(seed).id],
  reference_commitment: hex(`${seed} reference`, 64),
  method: 'neurons found again under order, scale and basis',
  verdict,
  p_value_log10: -12,
  null_model: 'the order of the units of one was drawn independently of the other',
  tries: 3,
});
const traffic = (seed, more) => ({
  type: 'network-traffic',
  spec_version: '2.1',
  id: `network-traffic--${uuid(seed).replace('-4', '-5')}`,
  object_marking_refs: [AMBER, POLICY],
  protocols: ['tcp', 'tls'],
  src_ref: address(seed, 'ipv4-addr', '203.0.113.0/24').id,
  extensions: {
    'extension-definition--c6524676-5b35-46ed-9d06-e7ae6076a543': {
      extension_type: 'property-extension',
      ...more,
    },
  },
});

/** Lawful drafts without a word of any person. */
const WORDLESS = [
  (seed) => [fingerprint(seed), indicator(seed)],
  (seed) => [fingerprint(seed, { algorithm: 'minhash-128', digest: hex(seed, 256) })],
  (seed) => [
    address(seed, 'ipv4-addr', '198.51.100.0/24'),
    indicator(seed, {
      name: 'address-range',
      pattern: "[network-traffic:src_ref.value ISSUBSET '198.51.100.0/24']",
    }),
  ],
  (seed) => [address(seed, 'ipv6-addr', '2001:db8:12::/48')],
  (seed) => [
    token(seed, 'email'),
    indicator(seed, {
      name: 'matching-token',
      pattern: `[x-oprf-token:key_epoch = '2026-w47' AND x-oprf-token:token = '${hex(seed, 128)}']`,
    }),
  ],
  (seed) => [token(seed, 'payment-bin8')],
  (seed) => [
    cluster(seed),
    campaign(`${seed} c`, { first_seen: '2026-11-11T00:00:00.000Z', last_seen: '2026-11-20T23:59:59.999Z' }),
    relationship(`${seed} r`, 'attributed-to', cluster(seed).id, campaign(`${seed} c`).id),
  ],
  (seed) => [sighting(seed)],
  (seed) => [sighting(seed, { count: 0 })],
  (seed) => [sighting(seed, { count: 1000 })],
  (seed) => [opinion(seed, { opinion: 'strongly-disagree' })],
  (seed) => [mark(seed)],
  (seed) => [file(seed), lineage(seed, 'derived')],
  (seed) => [file(seed), lineage(seed, 'nothing-shared-seen')],
  (seed) => [
    address(seed, 'ipv4-addr', '203.0.113.0/24'),
    traffic(seed, { ja4: 't13d1516h2_8daaf6152771_02713d6af862' }),
  ],
  (seed) => [
    address(seed, 'ipv4-addr', '203.0.113.0/24'),
    traffic(seed, {
      ja3_hash: hex(seed, 32),
      http2_fp: '1:65536;4:131072;5:16384|12517377|3:0:0:201|m,p,a,s',
    }),
  ],
  (seed) => [
    relationship(
      seed,
      'mitigates',
      'course-of-action--1b15d839-8893-5005-aba7-62c3cc8b48ac',
      indicator(seed).id,
    ),
    indicator(seed),
  ],
  (seed) => [
    indicator(seed),
    relationship(
      `${seed} r`,
      'indicates',
      indicator(seed).id,
      'attack-pattern--3f567912-629a-5e0b-ab0c-0102977c2d6c',
    ),
  ],
  (seed) => [
    indicator(seed, {
      kill_chain_phases: [{ kill_chain_name: 'mitre-atlas', phase_name: 'exfiltration' }],
      confidence: 70,
    }),
  ],
  (seed) => [
    {
      type: 'autonomous-system',
      spec_version: '2.1',
      id: `autonomous-system--${uuid(seed).replace('-4', '-5')}`,
      object_marking_refs: [AMBER, POLICY],
      number: 64500,
    },
  ],
];

/** Forbidden by form alone: not a word in them that a detector knows. */
const STRUCTURAL = [
  ['address of one machine', (seed) => [address(seed, 'ipv4-addr', '203.0.113.77/32')]],
  ['address of one machine', (seed) => [address(seed, 'ipv4-addr', '203.0.113.77')]],
  ['address of one machine', (seed) => [address(seed, 'ipv6-addr', '2001:db8:12:34::/64')]],
  ['address inside of a block', (seed) => [address(seed, 'ipv4-addr', '203.0.113.77/24')]],
  [
    'address in a pattern',
    (seed) => [
      indicator(seed, {
        name: 'address-range',
        pattern: "[network-traffic:src_ref.value ISSUBSET '203.0.113.77/32']",
      }),
    ],
  ],
  ['few sightings', (seed) => [sighting(seed, { count: 3 })]],
  ['exact count', (seed) => [sighting(seed, { count: 16402 })]],
  ['exact figure', (seed) => [cluster(seed, { features: { template_reuse: 0.98712 } })]],
  ['exact tokens', (seed) => [mark(seed, { tokens_scored: 48211 })]],
  ['time of the hour', (seed) => [campaign(seed, { first_seen: '2026-11-11T14:23:00.000Z' })]],
  [
    'time of making',
    (seed) => [campaign(seed, { created: '2026-11-20T09:12:33.123Z', modified: '2026-11-20T09:12:33.123Z' })],
  ],
  [
    'public',
    (seed) => [
      campaign(seed, {
        object_marking_refs: ['marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487', POLICY],
      }),
    ],
  ],
  [
    'red',
    (seed) => [
      campaign(seed, {
        object_marking_refs: ['marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1', POLICY],
      }),
    ],
  ],
  ['no level', (seed) => [campaign(seed, { object_marking_refs: [POLICY] })]],
  ['no end', (seed) => [campaign(seed, { object_marking_refs: [AMBER] })]],
  [
    'of another',
    (seed) => [campaign(seed, { created_by_ref: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a02' })],
  ],
  [
    'old',
    (seed) => [campaign(seed, { created: '2024-11-20T00:00:00.000Z', modified: '2024-11-20T00:00:00.000Z' })],
  ],
  [
    'an account',
    (seed) => [
      {
        type: 'user-account',
        spec_version: '2.1',
        id: `user-account--${uuid(seed)}`,
        object_marking_refs: [AMBER, POLICY],
        user_id: 'u-77',
      },
    ],
  ],
  [
    'a mailbox',
    (seed) => [
      {
        type: 'email-addr',
        spec_version: '2.1',
        id: `email-addr--${uuid(seed)}`,
        object_marking_refs: [AMBER, POLICY],
        value: 'x@y.example',
      },
    ],
  ],
  [
    'a domain',
    (seed) => [
      {
        type: 'domain-name',
        spec_version: '2.1',
        id: `domain-name--${uuid(seed)}`,
        object_marking_refs: [AMBER, POLICY],
        value: 'scraper.example',
      },
    ],
  ],
  [
    'an address of the web',
    (seed) => [
      {
        type: 'url',
        spec_version: '2.1',
        id: `url--${uuid(seed)}`,
        object_marking_refs: [AMBER, POLICY],
        value: 'https://scraper.example/',
      },
    ],
  ],
  [
    'observed data',
    (seed) => [
      {
        ...common('observed-data', seed),
        first_observed: DAY,
        last_observed: DAY,
        number_observed: 16400,
        object_refs: [file(seed).id],
      },
    ],
  ],
  ['a place', (seed) => [{ ...common('location', seed), country: 'de' }]],
  ['a tool', (seed) => [{ ...common('tool', seed), name: 'scraper' }]],
  ['an incident', (seed) => [{ ...common('incident', seed), name: 'theft' }]],
  ['an action that is not of ATLAS', (seed) => [{ ...common('course-of-action', seed), name: 'act' }]],
  [
    'a relation to an action that is not of ATLAS',
    (seed) => [relationship(seed, 'mitigates', `course-of-action--${uuid(seed)}`, indicator(seed).id)],
  ],
  ['a relation of its own', (seed) => [relationship(seed, 'targets', campaign(seed).id, indicator(seed).id)]],
  [
    'a marking with a statement',
    (seed) => [
      {
        type: 'marking-definition',
        spec_version: '2.1',
        id: `marking-definition--${uuid(seed)}`,
        created: DAY,
        definition_type: 'statement',
        definition: { statement: 'as agreed' },
      },
    ],
  ],
  [
    'an extension of others',
    (seed) => [
      {
        ...common('extension-definition', seed),
        name: 'more',
        schema: 'https://x.example',
        version: '1',
        extension_types: ['property-extension'],
      },
    ],
  ],
  ['a pattern over mail', (seed) => [indicator(seed, { pattern: "[email-addr:value = 'x@y.example']" })]],
  [
    'a pattern over prompts',
    (seed) => [indicator(seed, { pattern: "[artifact:payload_bin LIKE '%step by step%']" })],
  ],
  [
    'a pattern with counts',
    (seed) => [
      indicator(seed, {
        pattern: `[x-llm-prompt-fingerprint:digest = '${hex(seed, 64)}'] REPEATS 16400 TIMES`,
      }),
    ],
  ],
];

function write(name, lines) {
  writeFileSync(
    new URL(`${name}.jsonl`, import.meta.url),
    `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`,
  );
  console.log(`${name}: ${lines.length} samples`);
}

function buildForbidden(name, texts, structural) {
  const places = Object.keys(PLACES);
  const disguises = Object.keys(DISGUISES);
  const written = [...rows(texts)].map(({ number, category, language, text }) => {
    // Two of three stand where detectors are alone.
    const place =
      number % 3 < 2 ? places[(number * 7) % OPEN] : places[OPEN + (number % (places.length - OPEN))];
    let disguise = number % 2 === 0 ? 'none' : disguises[1 + (((number - 1) / 2) % (disguises.length - 1))];
    if (EXACT.has(category) && OF_LETTERS.includes(disguise)) disguise = 'zero width';
    // What is split, spelt or a name cannot be wrapped as well and still be that text.
    if (/split|pieces|name of a|spelt|value of a hash|address/.test(place)) disguise = 'none';
    return {
      category,
      language,
      place,
      disguise,
      text,
      objects: PLACES[place](`${name} ${number}`, DISGUISES[disguise](text)),
    };
  });
  const formal = structural.map(([place, make], i) => ({
    category: 'form',
    language: '',
    place,
    disguise: 'none',
    text: '',
    objects: make(`${name} form ${i}`),
  }));
  write(name, [...written, ...formal]);
}

function buildLawful(name, texts, wordless) {
  const places = Object.keys(LAWFUL_PLACES);
  const written = texts.map(([language, text], i) => {
    const place = places[i % places.length];
    return { language, place, text, objects: LAWFUL_PLACES[place](`${name} ${i}`, text) };
  });
  const silent = wordless.flatMap((make, i) =>
    [0, 1].map((round) => ({
      language: '',
      place: 'no text',
      text: '',
      objects: make(`${name} wordless ${i} ${round}`),
    })),
  );
  write(name, [...written, ...silent]);
}

const which = process.argv.slice(2);
if (which.length === 0 || which.includes('first')) {
  const { FORBIDDEN } = await import('./forbidden-texts.mjs');
  const { LAWFUL } = await import('./lawful-texts.mjs');
  buildForbidden('forbidden', FORBIDDEN, STRUCTURAL);
  buildLawful('lawful', LAWFUL, WORDLESS);
}
if (which.length === 0 || which.includes('held-out')) {
  const { FORBIDDEN, LAWFUL } = await import('./held-out-texts.mjs');
  buildForbidden('held-out-forbidden', FORBIDDEN, []);
  buildLawful('held-out-lawful', LAWFUL, []);
}
