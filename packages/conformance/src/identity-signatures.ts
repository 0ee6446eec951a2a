import { createPrivateKey, createPublicKey, webcrypto as nodeCrypto, randomBytes, sign } from 'node:crypto';
import {
  type ClientKey,
  checkRequestSignature,
  formatContentDigest,
  generateClientKey,
  type MemberKey,
  SIGNATURE_TAG,
  signRequest,
} from '@phalanx/coalition/identity';
import { PhalanxError, systemClock } from '@phalanx/core';
import { Random } from '@phalanx/stats';
import { createSignature, verifySignature, webcrypto } from 'http-message-sig';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import type { Checks } from './checks.js';

const SEED = 9421;
const REQUESTS = 200;
const ORIGIN = 'https://hub.example';

/** A library of others that signs and verifies requests of ours. */
interface Peer {
  readonly name: string;
  /** Keys that it can use. */
  readonly kinds: readonly ('ed25519' | 'p256')[];
  sign(
    request: Drawn,
    key: ClientKey,
    parameters: Parameters9421,
  ): Promise<{ input: string; signature: string }>;
  /** Null when it threw. */
  verifies(request: Drawn, key: ClientKey): Promise<boolean | null>;
}

interface Drawn {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

interface Parameters9421 {
  readonly created: number;
  readonly expires: number;
  readonly nonce: string;
  readonly keyid: string;
  readonly alg: string;
  readonly tag: string;
}

const algorithmOf = ({ publicJwk }: ClientKey) => (publicJwk.kty === 'OKP' ? 'ed25519' : 'ecdsa-p256-sha256');

const messageSignatures: Peer = {
  name: 'http-message-signatures',
  kinds: ['ed25519', 'p256'],
  async sign({ method, url, headers }, key, parameters) {
    const { sign } = createSigner(
      createPrivateKey(key.privateKey.export({ format: 'pem', type: 'pkcs8' })),
      algorithmOf(key),
    );
    const signed = await httpbis.signMessage(
      {
        name: 'sig1',
        key: { id: key.kid, alg: algorithmOf(key), sign },
        fields: coverageOf(method),
        params: ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'],
        paramValues: {
          ...parameters,
          created: new Date(parameters.created * 1000),
          expires: new Date(parameters.expires * 1000),
        },
      },
      { method, url, headers },
    );
    return { input: String(signed.headers['Signature-Input']), signature: String(signed.headers.Signature) };
  },
  async verifies({ method, url, headers }, key) {
    const publicKey = createPublicKey(key.privateKey);
    try {
      const verdict = await httpbis.verifyMessage(
        {
          keyLookup: async ({ keyid }) =>
            keyid === key.kid
              ? { id: key.kid, algs: [algorithmOf(key)], verify: createVerifier(publicKey, algorithmOf(key)) }
              : null,
          maxAge: 60,
          tolerance: 5,
          requiredParams: ['created', 'nonce', 'tag'],
          requiredFields: coverageOf(method),
        },
        { method, url, headers },
      );
      return verdict === true;
    } catch {
      return null;
    }
  },
};

async function importKeys(key: ClientKey) {
  const algorithm =
    key.publicJwk.kty === 'OKP' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256' };
  const load = (jwk: object, use: 'sign' | 'verify') =>
    nodeCrypto.subtle.importKey('jwk', jwk, algorithm, false, [use]);
  return {
    privateKey: await load(key.privateKey.export({ format: 'jwk' }), 'sign'),
    publicKey: await load({ ...key.publicJwk }, 'verify'),
  };
}

const messageSig: Peer = {
  name: 'http-message-sig',
  // Its WebCrypto signers and verifiers know no ECDSA.
  kinds: ['ed25519'],
  async sign({ method, url, headers }, key, parameters) {
    const { privateKey } = await importKeys(key);
    const fields = await createSignature(
      {
        kind: 'request',
        method,
        targetUri: url,
        fields: Object.entries(headers).map(([name, value]) => ({ name, value })),
      },
      {
        label: 'sig1',
        components: coverageOf(method),
        parameters: { ...parameters },
        signer: webcrypto.signer(privateKey),
      },
    );
    return { input: fields.signatureInput, signature: fields.signature };
  },
  async verifies({ method, url, headers }, key) {
    const { publicKey } = await importKeys(key);
    try {
      await verifySignature(
        {
          kind: 'request',
          method,
          targetUri: url,
          fields: Object.entries(headers).map(([name, value]) => ({ name, value })),
        },
        {
          policy: {
            algorithms: [algorithmOf(key)],
            requiredComponents: coverageOf(method),
            requiredParameters: ['created', 'nonce', 'tag'],
            maxAge: 60,
            clockSkew: 5,
          },
          resolveVerifier: () => webcrypto.verifier(publicKey),
        },
      );
      return true;
    } catch {
      return false;
    }
  },
};

function coverageOf(method: string): string[] {
  return ['@method', '@target-uri', ...(method === 'GET' ? [] : ['content-digest', 'content-type'])];
}

function draw(random: Random): Drawn {
  const one = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const method = one(['GET', 'POST', 'PUT', 'DELETE']);
  const path = Array.from({ length: random.integer(4) }, () =>
    one(['a', 'api', '%41', '%2F', 'ü', 'x y', '.', '..', '~', "it's", '', 'A;b=c']),
  );
  const query = Array.from({ length: random.integer(3) }, () =>
    one(['a=1', 'match[type]=indicator', 'q=%20', 'q=+', 'b', 'ä=ö', "c='x'"]),
  );
  const body = method === 'GET' ? null : one(['', '{}', '{"hello": "world"}', 'ünïcode', '\0']);
  return {
    method,
    // As `URL` writes it: what is signed is what is sent.
    url: new URL(`${ORIGIN}/${path.join('/')}${query.length > 0 ? `?${query.join('&')}` : ''}`).href,
    headers:
      body === null
        ? {}
        : {
            'content-digest': formatContentDigest(Buffer.from(body)),
            'content-type': one([
              'application/json',
              'application/taxii+json;version=2.1',
              'text/plain; charset="utf-8"',
            ]),
          },
    body,
  };
}

function toRequest({ method, url, headers, body }: Drawn): Request {
  return new Request(url, { method, headers, ...(body === null ? {} : { body }) });
}

async function weAccept(request: Drawn, key: ClientKey): Promise<boolean> {
  const known: MemberKey = {
    kid: key.kid,
    memberId: 'lab-a',
    jwk: key.publicJwk,
    fromMs: 0,
    untilMs: Number.MAX_SAFE_INTEGER,
    revokedAtMs: null,
  };
  const check = {
    origin: ORIGIN,
    members: { findKey: async (kid: string) => (kid === key.kid ? known : null) },
    nonces: { use: async () => true },
    clock: systemClock,
  };
  try {
    await checkRequestSignature(toRequest(request), check);
    return true;
  } catch (error) {
    if (PhalanxError.is(error, 'COALITION_IDENTITY')) return false;
    throw error;
  }
}

/** One place of what was signed, altered. */
function alter(request: Drawn, random: Random): Drawn {
  const flip = (text: string) => {
    const at = random.integer(text.length);
    const code = text.charCodeAt(at) === 120 ? 'y' : 'x';
    return text.slice(0, at) + code + text.slice(at + 1);
  };
  const { headers } = request;
  switch (random.integer(4)) {
    case 0:
      return {
        ...request,
        method: request.method === 'POST' ? 'PUT' : request.method === 'GET' ? 'HEAD' : 'POST',
      };
    case 1:
      return { ...request, url: `${request.url}${request.url.includes('?') ? '&' : '?'}z` };
    case 2:
      return {
        ...request,
        headers: {
          ...headers,
          signature: headers.signature!.replace(
            /:(.*):/,
            (_, text) =>
              `:${Buffer.from(randomBytes(text.length))
                .toString('base64')
                .slice(0, text.length - 2)}==:`,
          ),
        },
      };
    default:
      return { ...request, headers: { ...headers, 'signature-input': flip(headers['signature-input']!) } };
  }
}

const SOUND = 'that is sound';

/** One that is sound, and signatures whose bytes hold, over what must not be accepted: what is covered, the lines of the base, the parameters. */
function listUnsound(
  keyid: string,
  nowS: number,
): { what: string; covered: string; lines: string[]; parameters: string; second?: boolean }[] {
  const [method, target] = ['"@method": GET', `"@target-uri": ${ORIGIN}/a`];
  const parameters = (change: Record<string, string> = {}) =>
    Object.entries({
      created: `${nowS}`,
      nonce: '"0123456789abcdef"',
      keyid: `"${keyid}"`,
      tag: `"${SIGNATURE_TAG}"`,
      ...change,
    })
      .map(([name, value]) => `;${name}=${value}`)
      .join('');
  const sound = { covered: '"@method" "@target-uri"', lines: [method, target], parameters: parameters() };
  return [
    { ...sound, what: SOUND },
    { ...sound, what: 'made an hour ahead', parameters: parameters({ created: `${nowS + 3600}` }) },
    { ...sound, what: 'made a day ago', parameters: parameters({ created: `${nowS - 86_400}` }) },
    {
      ...sound,
      what: 'that has expired',
      parameters: parameters({ created: `${nowS - 40}`, expires: `${nowS - 30}` }),
    },
    {
      ...sound,
      what: 'with another algorithm than its key',
      parameters: parameters({ alg: '"hmac-sha256"' }),
    },
    { ...sound, what: 'with another tag', parameters: parameters({ tag: '"other"' }) },
    { ...sound, what: 'without a nonce', parameters: parameters().replace(/;nonce="[^"]*"/, '') },
    { ...sound, what: 'with a parameter twice', parameters: `;created=1${parameters()}` },
    {
      ...sound,
      what: 'over a component twice',
      covered: '"@method" "@method" "@target-uri"',
      lines: [method, method, target],
    },
    { ...sound, what: 'over the method alone', covered: '"@method"', lines: [method] },
    { ...sound, what: 'beside one that does not hold', second: true },
  ];
}

/** What the libraries say of signatures that this hub must refuse. */
async function checkUnsound(checks: Checks): Promise<void> {
  const key = await generateClientKey();
  for (const { what, covered, lines, parameters, second } of listUnsound(
    key.kid,
    Math.floor(systemClock.nowMs() / 1000),
  )) {
    const base = [...lines, `"@signature-params": (${covered})${parameters}`].join('\n');
    const signature = sign(null, Buffer.from(base), key.privateKey).toString('base64');
    const other =
      second === true
        ? [`x=(${covered})${parameters}, `, `x=:${Buffer.alloc(64).toString('base64')}:, `]
        : ['', ''];
    const headers = {
      'signature-input': `${other[0]}sig1=(${covered})${parameters}`,
      signature: `${other[1]}sig1=:${signature}:`,
    };
    const request = { method: 'GET', url: `${ORIGIN}/a`, headers, body: null };
    const isSound = what === SOUND;
    checks.check(`a signature ${what} is judged rightly`, (await weAccept(request, key)) === isSound);
    const accepting: string[] = [];
    for (const peer of [messageSignatures, messageSig]) {
      if ((await peer.verifies(request, key)) === true) accepting.push(peer.name);
    }
    if (isSound) checks.equal('both libraries verify the one that is sound', `${accepting.length}`, '2');
    else if (accepting.length > 0)
      checks.note(`a signature ${what} is verified by ${accepting.join(' and ')}`);
  }
}

/** Signed requests (RFC 9421) both ways with two libraries of others. */
export async function checkSignatures(checks: Checks): Promise<void> {
  for (const peer of [messageSignatures, messageSig]) {
    const keys = await Promise.all(peer.kinds.map(generateClientKey));
    const random = new Random(SEED);
    const counts = { made: 0, altered: 0, theirAlteredAccepted: 0 };
    for (let i = 0; i < REQUESTS; i++) {
      const key = keys[i % keys.length]!;
      const drawn = draw(random);
      const request = toRequest(drawn);
      const what = () => `${algorithmOf(key)} ${drawn.method} ${drawn.url} ${JSON.stringify(drawn.headers)}`;
      const ours = await signRequest(request, key, systemClock);
      const sent = { ...drawn, headers: Object.fromEntries(ours.headers) };
      checks.check(`${peer.name} verifies what we sign`, (await peer.verifies(sent, key)) === true, what);
      const created = Math.floor(systemClock.nowMs() / 1000);
      const parameters = {
        created,
        expires: created + 60,
        nonce: randomBytes(18).toString('base64url'),
        keyid: key.kid,
        alg: algorithmOf(key),
        tag: SIGNATURE_TAG,
      };
      const theirs = await peer.sign(drawn, key, parameters);
      const signed = {
        ...drawn,
        headers: { ...drawn.headers, 'signature-input': theirs.input, signature: theirs.signature },
      };
      checks.check(`we verify what ${peer.name} signs`, await weAccept(signed, key), what);
      counts.made += 2;
      for (let round = 0; round < 4; round++) {
        const altered = alter(sent, random);
        counts.altered++;
        checks.check(
          'we refuse it altered',
          !(await weAccept(altered, key)),
          () => `${what()} ${JSON.stringify(altered.headers)}`,
        );
        if ((await peer.verifies(altered, key)) === true) counts.theirAlteredAccepted++;
      }
    }
    checks.note(
      `${peer.name}: ${counts.made} signatures verified both ways; of ${counts.altered} altered ones it verifies ${counts.theirAlteredAccepted}, we none`,
    );
  }
  await checkUnsound(checks);
}
