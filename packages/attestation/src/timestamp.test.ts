import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromHex, PhalanxError, toHex, utf8 } from '@phalanx/core';
import * as asn1js from 'asn1js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { isDer } from './der.js';
import { issueCertificate, makeToken, type Party, type TokenOptions } from './test-authority.js';
import { normaliseResponse, verifyTimestamp } from './timestamp.js';
import { makeTimestampRequest, requestTimestamp } from './timestamp-request.js';

const message = utf8('what was there');
const TIME_MS = Date.UTC(2026, 5, 1);
let root: Party;
let middle: Party;
let signer: Party;

beforeAll(async () => {
  root = await issueCertificate('root', null);
  middle = await issueCertificate('middle', root, { isCa: true });
  signer = await issueCertificate('stamper', middle);
});

const chain = (): Uint8Array[] => [signer.der, middle.der, root.der];
const stamp = (options: TokenOptions = {}, by = signer): Uint8Array => makeToken(message, by, options);

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (PhalanxError.is(error)) return `${error.code}: ${error.message.split(': ')[1]}`;
    throw error;
  }
  return 'accepted';
}

const verdict = (response: Uint8Array, certificates = chain()): string =>
  refusal(() => verifyTimestamp(response, message, { certificates }));

describe('a time stamp', () => {
  it('says when, how exactly, and by whom', () => {
    expect(verifyTimestamp(stamp({ accuracyS: 2 }), message, { certificates: chain() })).toEqual({
      timeMs: TIME_MS,
      accuracyMs: 2000,
      serial: '07',
      policy: '1.2.3.4.1',
      authority: 'CN=stamper',
    });
  });

  it('is found valid with certificates from the token, the list, or both', () => {
    expect(verdict(stamp({ embedded: [] }))).toBe('accepted');
    expect(verdict(stamp({ embedded: [signer.der, middle.der] }), [root.der])).toBe('accepted');
    expect(verdict(stamp({ embedded: chain() }), [root.der])).toBe('accepted');
    expect(verdict(stamp({ embedded: [signer.der] }), [root.der])).toContain('no path');
    expect(verdict(stamp({ embedded: chain() }), [middle.der])).toContain('no path');
    expect(verdict(stamp({ embedded: [] }), [root.der, middle.der])).toContain('not known');
  });

  it('is refused for each thing that is wrong', async () => {
    const other = await issueCertificate('other', null);
    const refused: [TokenOptions, string][] = [
      [{ timeMs: Date.UTC(2024, 0) }, 'no path'],
      [{ timeMs: Date.UTC(2060, 0) }, 'no path'],
      [{ imprintOid: '2.16.840.1.101.3.4.2.2' }, 'not about a SHA-256 hash'],
      [{ contentType: '1.2.840.113549.1.7.1' }, 'signed as something else'],
      [{ status: 1 }, 'not plain granted'],
      [{ status: 2 }, 'refused with status 2'],
      [{ statusText: 'done' }, 'not plain granted'],
      [{ certHash: new Uint8Array(32) }, 'another certificate'],
      [{ without: ['1.2.840.113549.1.9.16.2.47'] }, 'another certificate'],
      [{ without: ['1.2.840.113549.1.9.3'] }, 'signed as something else'],
      [{ without: ['1.2.840.113549.1.9.4'] }, 'not what was signed'],
      [{ unsigned: true }, 'nobody signed'],
      [{ criticalExtension: true }, 'critical extension'],
      [{ embedded: [signer.der, other.der] }, 'not needed'],
    ];
    for (const [options, why] of refused) expect(verdict(stamp(options)), why).toContain(why);
    expect(refusal(() => verifyTimestamp(stamp(), utf8('else'), { certificates: chain() }))).toContain(
      'other bytes',
    );
    const nonce = fromHex('4011223344556677');
    const asked = (found: TokenOptions) =>
      refusal(() => verifyTimestamp(stamp(found), message, { certificates: chain(), nonce }));
    expect(asked({ nonce })).toBe('accepted');
    expect(asked({})).toContain('another request');
    expect(asked({ nonce: fromHex('4011223344556678') })).toContain('another request');
  });

  it('is refused when a certificate is not one of an authority', async () => {
    const under = async (options: Parameters<typeof issueCertificate>[2]) => {
      const party = await issueCertificate('odd', middle, options);
      return verdict(stamp({}, party), [party.der, middle.der, root.der]);
    };
    expect(await under({})).toBe('accepted');
    expect(await under({ usage: 0x40 })).toBe('accepted');
    for (const odd of [
      { purposes: null },
      { purposes: ['1.3.6.1.5.5.7.3.3'] },
      { purposes: ['1.3.6.1.5.5.7.3.8', '1.3.6.1.5.5.7.3.3'] },
      { isPurposeCritical: false },
      { isCa: true, purposes: ['1.3.6.1.5.5.7.3.8'] },
      { usage: 0x20 },
      { unknownCritical: true },
      { toMs: Date.UTC(2026, 0) },
      { fromMs: Date.UTC(2027, 0) },
    ])
      expect(await under(odd), JSON.stringify(odd)).toContain('no path');
    const oddIssuer = async (options: Parameters<typeof issueCertificate>[2]) => {
      const issuer = await issueCertificate('issuer', root, { isCa: true, ...options });
      const party = await issueCertificate('leaf', issuer);
      return verdict(stamp({}, party), [party.der, issuer.der, root.der]);
    };
    expect(await oddIssuer({ pathLength: 0 })).toBe('accepted');
    for (const odd of [
      { isCa: false },
      { usage: 0x02 },
      { purposes: ['1.3.6.1.5.5.7.3.3'] },
      { toMs: Date.UTC(2026, 0) },
    ])
      expect(await oddIssuer(odd), JSON.stringify(odd)).toContain('no path');
    const short = await issueCertificate('short', null, { pathLength: 0 });
    const between = await issueCertificate('between', short, { isCa: true });
    const leaf = await issueCertificate('leaf', between);
    expect(verdict(stamp({}, leaf), [leaf.der, between.der, short.der])).toContain('no path');
    const impostor = await issueCertificate('middle', await issueCertificate('root', null), { isCa: true });
    const theirs = await issueCertificate('stamper', impostor);
    expect(verdict(stamp({ embedded: [theirs.der, impostor.der] }, theirs), [root.der])).toContain('no path');
  });

  it('is refused in time when certificates issue one another in a circle', async () => {
    // Two keys of one name, seven certificates each by the other: walking all paths takes minutes.
    const [a, b] = [await issueCertificate('loop', null), await issueCertificate('loop', null)];
    const issue = async (subject: Party, issuer: Party) =>
      (await issueCertificate('loop', issuer, { isCa: true, key: subject.key })).der;
    const circle: Uint8Array[] = [];
    for (let i = 0; i < 7; i++) circle.push(await issue(a, b), await issue(b, a));
    const by = await issueCertificate('stamper', a);
    expect(verdict(stamp({ embedded: [by.der, ...circle] }, by), [root.der])).toContain('no path');
  });

  it('is refused after any change of one bit', () => {
    const response = stamp({
      embedded: [signer.der, middle.der],
      accuracyS: 1,
      nonce: fromHex('4011223344556677'),
    });
    expect(verdict(response)).toBe('accepted');
    // Two of five bytes, each of the eight bits in turn.
    for (let bit = 0; bit < response.length * 8; bit += 19) {
      const changed = response.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(verdict(changed), `bit ${bit & 7} of byte ${bit >> 3}`).toContain('ATTESTATION_TIMESTAMP');
    }
  });

  it('is malformed when it is a time whose digits are none', () => {
    // What asn1js itself throws for: GeneralizedTime in place of the sequence.
    expect(verdict(Uint8Array.from([0x18, 3, 0x41, 0x42, 0x43]))).toContain('ATTESTATION_TIMESTAMP');
  });

  it('never ends in another error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(verdict(bytes)).toContain('ATTESTATION_TIMESTAMP');
      }),
      { numRuns: 500 },
    );
    const response = stamp({ embedded: chain() });
    const edit = fc.record({
      at: fc.nat(response.length - 1),
      drop: fc.nat(8),
      put: fc.uint8Array({ maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const bytes = [...response];
        for (const { at, drop, put } of edits) bytes.splice(at, drop, ...put);
        const changed = Uint8Array.from(bytes);
        const isSame = Buffer.compare(changed, response) === 0;
        expect(verdict(changed)).toContain(isSame ? 'accepted' : 'ATTESTATION_TIMESTAMP');
      }),
      { numRuns: 500 },
    );
  });
});

describe('a request', () => {
  it('holds the hash of the message, a nonce, and asks for the certificate', () => {
    const { request, nonce } = makeTimestampRequest(message);
    expect(isDer(request)).toBe(true);
    const { result } = asn1js.fromBER(new Uint8Array(request));
    const [version, imprint, number, certReq] = (result as asn1js.Sequence).valueBlock.value;
    expect((version as asn1js.Integer).valueBlock.valueDec).toBe(1);
    expect((imprint as asn1js.Sequence).valueBlock.value).toHaveLength(2);
    expect(toHex((number as asn1js.Integer).valueBlock.valueHexView)).toBe(toHex(nonce));
    expect((certReq as asn1js.Boolean).getValue()).toBe(true);
    expect(toHex(makeTimestampRequest(message).nonce)).not.toBe(toHex(nonce));
  });

  it('is answered by an authority, whose text beside the status is left out', async () => {
    const timestamp = await withAuthority((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const asked = Buffer.concat(chunks);
        const nonce = asked.subarray(asked.length - 11, asked.length - 3);
        response.setHeader('content-type', 'application/timestamp-reply; charset=binary');
        response.end(stamp({ nonce, statusText: 'Operation okay' }));
      });
    });
    expect(timestamp).toBe('accepted');
  });

  it('fails when there is no answer that can be used', async () => {
    const answers: [RequestListener, string][] = [
      [(_, response) => response.writeHead(500).end(), 'answered 500'],
      [(_, response) => response.end('hello'), 'answered 200'],
      [(_, response) => response.writeHead(302, { location: '/else' }).end(), 'did not answer'],
      [(_, response) => response.destroy(), 'did not answer'],
      [
        (_, response) =>
          response
            .writeHead(200, { 'content-type': 'application/timestamp-reply' })
            .end(Buffer.alloc(100_000)),
        'more than',
      ],
      [
        (_, response) =>
          response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(stamp()),
        'another request',
      ],
      [() => undefined, 'did not answer'],
    ];
    for (const [answer, why] of answers) expect(await withAuthority(answer), why).toContain(why);
  });

  it('of a response without a token fails', () => {
    expect(refusal(() => normaliseResponse(fromHex('30053003020102')))).toContain('refused with status 2');
    expect(refusal(() => normaliseResponse(fromHex('30053003020100')))).toContain('no token');
  });
});

async function withAuthority(answer: RequestListener): Promise<string> {
  const server = await new Promise<Server>((resolve) => {
    const made = createServer(answer).listen(0, '127.0.0.1', () => resolve(made));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    const { response } = await requestTimestamp(message, { url, certificates: chain(), timeoutMs: 500 });
    return verdict(response);
  } catch (error) {
    if (PhalanxError.is(error)) return error.message;
    throw error;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
