import { createDecipheriv, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { concatBytes, fromHex, toHex, utf8 } from '@phalanx/core';
import type { Checks } from './checks.js';

const { Point } = ristretto255;
const ORDER = Point.Fn.ORDER;

/** The published vectors of private matching, made again from the text of the specification on noble's group and bigints: no code of ours. */
export function checkMatchingByHand(checks: Checks, root: string): void {
  const file = join(root, 'docs/spec/vectors/private-matching.json');
  const { keyGroup, possession, evaluation, reveal, cardinality, audit } = JSON.parse(
    readFileSync(file, 'utf8'),
  ).phalanx;
  checkKeys(checks, keyGroup, possession);
  checkEvaluation(checks, keyGroup, evaluation);
  checkReveal(checks, reveal);
  checkCardinality(checks, cardinality);
  checkAudit(checks, audit);
}

const u = (value: number, width: number) =>
  Uint8Array.from({ length: width }, (_, i) => (value / 256 ** (width - 1 - i)) & 255);
const framed = (...parts: Uint8Array[]) => concatBytes(parts.flatMap((part) => [u(part.length, 2), part]));
const sha = (bits: 256 | 512, text: Uint8Array) =>
  new Uint8Array(createHash(`sha${bits}`).update(text).digest());
const number = (littleEndian: Uint8Array) => BigInt(`0x${toHex(littleEndian.slice().reverse())}`);
const mod = (value: bigint) => ((value % ORDER) + ORDER) % ORDER;
const bytesOf = (value: bigint) => fromHex(value.toString(16).padStart(64, '0')).reverse();
const hashToScalar = (text: Uint8Array, dst: Uint8Array) => mod(number(expandMessage(text, dst)));

/** `expand_message_xmd` with SHA-512 to 64 bytes. */
function expandMessage(text: Uint8Array, dst: Uint8Array): Uint8Array {
  const tag = concatBytes([dst, u(dst.length, 1)]);
  const first = sha(512, concatBytes([new Uint8Array(128), text, u(64, 2), u(0, 1), tag]));
  return sha(512, concatBytes([first, u(1, 1), tag]));
}

// biome-ignore lint/suspicious/noExplicitAny: parts of a JSON file
type Vector = any;

function checkKeys(checks: Checks, keys: Vector, possession: Vector): void {
  const [a0, a1] = keys.coefficients.map((text: string) => number(fromHex(text))) as [bigint, bigint];
  const shares = [1n, 2n, 3n].map((x) => mod(a0 + a1 * x));
  checks.equal('shares by hand', shares.map((share) => toHex(bytesOf(share))).join(), keys.shares.join());
  const publicShares = shares.map((share) => Point.BASE.multiply(share).toBytes());
  checks.equal('public shares by hand', publicShares.map(toHex).join(), keys.publicShares.join());
  const publicKey = Point.BASE.multiply(a0).toBytes();
  const id = sha(
    256,
    concatBytes([
      framed(utf8('phalanx-key-group-v1'), u(keys.epoch, 4), u(keys.threshold, 1)),
      framed(Uint8Array.from(keys.members), publicKey, ...publicShares, fromHex(keys.transcript)),
    ]),
  );
  checks.equal('key id by hand', toHex(id), keys.keyId);

  const context = framed(utf8('phalanx-distributed-key-v1'), Uint8Array.of(3, 2, 1), u(keys.epoch, 4));
  checks.equal('context by hand', toHex(context), possession.context);
  const proof = fromHex(possession.proof);
  const [c, s] = [number(proof.slice(0, 32)), number(proof.slice(32))];
  const t = Point.BASE.multiply(s).add(Point.fromBytes(publicKey).multiply(c)).toBytes();
  const again = hashToScalar(
    framed(Point.BASE.toBytes(), publicKey, t),
    concatBytes([utf8('Possession-'), context]),
  );
  checks.check('possession by hand', again === c);
}

function checkEvaluation(checks: Checks, keys: Vector, evaluation: Vector): void {
  const context = concatBytes([utf8('OPRFV1-'), u(1, 1), utf8('-ristretto255-SHA512')]);
  const input = fromHex(evaluation.input);
  const dst = concatBytes([utf8('HashToGroup-'), context]);
  const element = ristretto255_hasher.hashToCurve(input, { DST: dst });
  const blinded = element.multiply(number(fromHex(evaluation.blind)));
  checks.equal('blinded by hand', toHex(blinded.toBytes()), evaluation.blinded);
  const [i, j] = evaluation.quorum.map(BigInt) as [bigint, bigint];
  const weights = [mod(j * Point.Fn.inv(mod(j - i))), mod(i * Point.Fn.inv(mod(i - j)))];
  checks.equal(
    'weights by hand',
    weights.map((weight) => toHex(bytesOf(weight))).join(),
    evaluation.weights.join(),
  );
  const parts = evaluation.quorum.map((server: number, n: number) =>
    blinded.multiply(mod(weights[n]! * number(fromHex(keys.shares[server - 1])))),
  );
  checks.equal(
    'parts by hand',
    parts.map((part: typeof blinded) => toHex(part.toBytes())).join(),
    evaluation.parts.join(),
  );
  const unblinded = element.multiply(number(fromHex(keys.coefficients[0]))).toBytes();
  const output = sha(512, concatBytes([framed(input, unblinded), utf8('Finalize')]));
  checks.equal('output by hand', toHex(output), evaluation.output);
  const token = sha(512, framed(utf8('phalanx-token-v1'), output)).slice(0, 16);
  checks.equal('token by hand', toHex(token), evaluation.token);
}

function checkReveal(checks: Checks, reveal: Vector): void {
  const terms = [u(reveal.epoch, 4), u(reveal.threshold, 1)];
  const seed = sha(512, framed(utf8('phalanx-reveal-seed-v1'), ...terms, fromHex(reveal.output))).slice(
    0,
    32,
  );
  checks.equal('seed by hand', toHex(seed), reveal.seed);
  const tag = sha(256, framed(utf8('phalanx-reveal-tag-v1'), seed)).slice(0, 16);
  checks.equal('tag by hand', toHex(tag), reveal.tag);
  const coefficients = Array.from({ length: reveal.threshold }, (_, n) =>
    hashToScalar(framed(seed, u(n, 1)), utf8('phalanx-reveal-coefficient-v1')),
  );
  checks.equal(
    'polynomial by hand',
    coefficients.map((a) => toHex(bytesOf(a))).join(),
    reveal.coefficients.join(),
  );
  const share = coefficients.reduceRight((sum, a) => mod(sum * BigInt(reveal.place) + a), 0n);
  checks.equal('share by hand', toHex(bytesOf(share)), reveal.share);
  const key = sha(256, framed(utf8('phalanx-reveal-key-v1'), bytesOf(coefficients[0]!)));
  checks.equal('key by hand', toHex(key), reveal.key);
  const box = fromHex(reveal.box);
  const bound = framed(utf8('phalanx-reveal-box-v1'), tag, ...terms, u(reveal.place, 1));
  const decipher = createDecipheriv('aes-256-gcm', key, fromHex(reveal.nonce))
    .setAAD(bound)
    .setAuthTag(box.slice(-16));
  const plain = concatBytes([decipher.update(box.slice(0, -16)), decipher.final()]);
  const value = fromHex(reveal.sighting.value);
  const { day, decade } = reveal.sighting;
  const text = concatBytes([seed, u(1, 1), u(day, 4), u(decade, 1), u(value.length, 1), value, u(0, 1)]);
  checks.equal('box by hand', toHex(plain), toHex(concatBytes([text, new Uint8Array(160 - text.length)])));
}

function checkCardinality(checks: Checks, vector: Vector): void {
  const [run, secret] = [fromHex(vector.run), fromHex(vector.tagSecret)];
  const elements: Uint8Array[] = vector.elements.map(fromHex);
  const masked = elements.map((element) =>
    ristretto255_hasher
      .hashToCurve(framed(run, element), { DST: 'phalanx-psi-v1-ristretto255_XMD:SHA-512_R255MAP_RO_' })
      .multiply(number(fromHex(vector.key)))
      .toBytes(),
  );
  checks.equal('masked by hand', masked.map(toHex).join(), vector.masked.join());
  const keyed = (purpose: string, text: Uint8Array) =>
    sha(512, framed(utf8(`phalanx-set-${purpose}-v1`), secret, text)).slice(0, 32);
  const tags = elements.map((element) =>
    sha(256, framed(utf8('phalanx-set-tag-v1'), keyed('element', element), element)),
  );
  checks.equal('tags by hand', tags.map(toHex).join(), vector.tags.join());
  for (let i = tags.length; i < 16; i++) tags.push(keyed('padding', u(i, 4)));
  tags.sort(Buffer.compare);
  checks.equal('declaration by hand', tags.map(toHex).join(), vector.declaration.tags.join());
  const start = framed(utf8('phalanx-set-declaration-v1'), u(vector.declaration.epoch, 4));
  checks.equal(
    'its digest by hand',
    toHex(sha(256, concatBytes([start, ...tags]))),
    vector.declaration.digest,
  );
}

function checkAudit(checks: Checks, vector: Vector): void {
  const nonces: Uint8Array[] = vector.nonces.map(fromHex);
  const promises = nonces.map((nonce) => toHex(sha(256, framed(utf8('phalanx-audit-draw-v1'), nonce))));
  checks.equal('promises by hand', promises.join(), vector.promises.join());
  const start = framed(
    utf8('phalanx-audit-rank-v1'),
    fromHex(vector.subject),
    ...nonces.sort(Buffer.compare),
  );
  const ranked = Array.from({ length: vector.size }, (_, at) => ({
    at,
    rank: toHex(sha(256, concatBytes([start, u(at, 4)]))),
  })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const drawn = ranked.slice(0, Math.ceil(vector.size / 100)).map(({ at }) => at);
  checks.equal('draw by hand', drawn.sort((a, b) => a - b).join(), vector.positions.join());
}
