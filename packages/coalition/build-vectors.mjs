// Writes what follows from the specification into docs/spec/vectors/private-matching.json, beside the vectors of the RFCs, which stay.
// After `npx tsc -b packages/coalition`: node packages/coalition/build-vectors.mjs
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fromHex, toHex, utf8 } from '@phalanx/core';
import { drawPositions, makeDrawHalf } from './dist/matching/audit-draw.js';
import { provePossession } from './dist/matching/equality-proof.js';
import { framed } from './dist/matching/framed-bytes.js';
import { hashToGroup } from './dist/matching/hash-to-group.js';
import { keyIdOf } from './dist/matching/key-group.js';
import { tokenOfOutput } from './dist/matching/lookup.js';
import { blindInput, evaluateInput, finalizeInput } from './dist/matching/oprf.js';
import {
  addPoints,
  GENERATOR,
  multiplyBase,
  multiplyPoint,
  multiplyScalars,
  pointFromUniform,
  reduceScalar,
} from './dist/matching/ristretto.js';
import { revealSecretOf, sealSighting } from './dist/matching/sealed-sighting.js';
import { declareSet, digestOfDeclaration, tagOf, tagOpening } from './dist/matching/set-commitment.js';
import { evaluatePolynomial, interpolateAtZero, lagrangeAtZero } from './dist/matching/shamir.js';
import { bandValues } from './dist/matching/template-bands.js';
import { canonicalValue, matchingInput } from './dist/matching/value-class.js';

const file = new URL('../../docs/spec/vectors/private-matching.json', import.meta.url);
const bytes = (name, length) => {
  let out = Buffer.alloc(0);
  for (let i = 0; out.length < length; i++)
    out = Buffer.concat([out, createHash('sha512').update(`${name} ${i}`).digest()]);
  return new Uint8Array(out.subarray(0, length));
};
const scalar = (name) => reduceScalar(bytes(name, 64));
const epoch = 2_900;

const values = [
  ['ip', '198.51.100.3'],
  ['ip', '::ffff:198.51.100.3'],
  ['ip', '2001:DB8::1'],
  ['email', 'A.d.a+list@GoogleMail.com'],
  ['email', 'Jo\u0308rg@Bücher.example'],
  ['payment-bin', '42424242'],
  ['device', 'F47AC10B-58CC-4372-A567-0E02B2C3D479'],
  ['prompt-hash', 'ab'.repeat(32)],
  ['template-band', '0001020304'],
].map(([valueClass, text]) => {
  const value = canonicalValue(valueClass, text);
  return {
    class: valueClass,
    text,
    value: toHex(value),
    input: toHex(matchingInput(valueClass, epoch, value)),
  };
});

const coefficients = [scalar('coefficient 0'), scalar('coefficient 1')];
const shares = [1, 2, 3].map((server) => evaluatePolynomial(coefficients, server));
const group = {
  type: 'phalanx-key-group-v1',
  epoch,
  threshold: 2,
  members: [1, 2, 3],
  publicKey: multiplyBase(coefficients[0]),
  publicShares: shares.map(multiplyBase),
  transcript: bytes('transcript', 32),
};
const quorum = [1, 3];
const weights = lagrangeAtZero(quorum);
const input = fromHex(values[0].input);
const { blind, point } = blindInput(input, 1, scalar('blind'));
const parts = quorum.map((server, i) =>
  multiplyPoint(multiplyScalars(weights[i], shares[server - 1]), point),
);
const output = finalizeInput(input, blind, parts.reduce(addPoints));
if (toHex(output) !== toHex(evaluateInput(interpolateAtZero(weights, [shares[0], shares[2]]), input, 1)))
  throw new Error('the parts do not make the output');

const dealing = {
  participants: 3,
  threshold: 2,
  from: 1,
  context: framed(
    utf8('phalanx-distributed-key-v1'),
    Uint8Array.of(3, 2, 1),
    new Uint8Array([0, 0, epoch >> 8, epoch & 255]),
  ),
};
const possession = provePossession(coefficients[0], group.publicKey, dealing.context);

const terms = { epoch, threshold: 3 };
const secret = revealSecretOf(output, terms);
const sighting = {
  valueClass: 'ip',
  value: canonicalValue('ip', '198.51.100.3'),
  day: 20_300,
  decade: 2,
  detail: new Uint8Array(),
};
const sealed = sealSighting(output, terms, 5, sighting);

const run = bytes('run', 32);
const psiKey = scalar('psi key');
const tagSecret = bytes('tag secret', 32);
const padding = bytes('padding', 64);
const dst = 'phalanx-psi-v1-ristretto255_XMD:SHA-512_R255MAP_RO_';
const elements = values
  .slice(0, 1)
  .concat(values.slice(2, 4))
  .map(({ input: text }) => fromHex(text));
const declaration = declareSet(tagSecret, epoch, elements);
const halves = [makeDrawHalf(bytes('nonce a', 32)), makeDrawHalf(bytes('nonce b', 32))];
const minhash = bytes('minhash', 64);

const phalanx = {
  source: 'this specification; node packages/coalition/build-vectors.mjs',
  values,
  keyGroup: {
    coefficients: coefficients.map(toHex),
    shares: shares.map(toHex),
    epoch,
    threshold: 2,
    members: [1, 2, 3],
    publicKey: toHex(group.publicKey),
    publicShares: group.publicShares.map(toHex),
    transcript: toHex(group.transcript),
    keyId: toHex(keyIdOf(group)),
  },
  possession: {
    context: toHex(dealing.context),
    generator: toHex(GENERATOR),
    publicKey: toHex(group.publicKey),
    proof: toHex(possession),
  },
  evaluation: {
    input: toHex(input),
    blind: toHex(blind),
    blinded: toHex(point),
    quorum,
    weights: weights.map(toHex),
    parts: parts.map(toHex),
    output: toHex(output),
    token: toHex(tokenOfOutput(output)),
  },
  reveal: {
    output: toHex(output),
    ...terms,
    seed: toHex(secret.seed),
    tag: toHex(secret.tag),
    coefficients: secret.coefficients.map(toHex),
    key: toHex(secret.key),
    place: 5,
    share: toHex(sealed.share),
    nonce: toHex(sealed.nonce),
    box: toHex(sealed.box),
    sighting: {
      class: 'ip',
      value: toHex(sighting.value),
      day: sighting.day,
      decade: sighting.decade,
      detail: '',
    },
  },
  cardinality: {
    run: toHex(run),
    key: toHex(psiKey),
    publicKey: toHex(multiplyBase(psiKey)),
    elements: elements.map(toHex),
    masked: elements.map((element) =>
      toHex(multiplyPoint(psiKey, hashToGroup(framed(run, element), utf8(dst)))),
    ),
    padding: toHex(padding),
    paddingPoint: toHex(pointFromUniform(padding)),
    tagSecret: toHex(tagSecret),
    tagOpenings: elements.map((element) => toHex(tagOpening(tagSecret, element))),
    tags: elements.map((element) => toHex(tagOf(tagOpening(tagSecret, element), element))),
    declaration: {
      epoch,
      tags: declaration.tags.map(toHex),
      digest: toHex(digestOfDeclaration(declaration)),
    },
  },
  audit: {
    subject: toHex(bytes('subject', 32)),
    size: 512,
    nonces: halves.map(({ nonce }) => toHex(nonce)),
    promises: halves.map(({ promise }) => toHex(promise)),
    positions: drawPositions(bytes('subject', 32), 512, halves),
  },
  bands: { minhash: toHex(minhash), values: bandValues(minhash).map(toHex) },
};

const { rfc9380, rfc9497 } = JSON.parse(readFileSync(file, 'utf8'));
writeFileSync(file, `${JSON.stringify({ rfc9380, rfc9497, phalanx }, null, 2)}\n`);
