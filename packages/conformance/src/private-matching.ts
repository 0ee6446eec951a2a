import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import {
  askForProof,
  blindForServers,
  blindInput,
  deriveOprfKey,
  type EvaluationRequest,
  evaluateInput,
  evaluatePoints,
  evaluateShare,
  evaluateVerifiably,
  finalizeCombined,
  finalizeFromServers,
  finalizeInput,
  finalizeVerifiably,
  matchingInput,
  type OprfMode,
  PsiParty,
  rehearseKey,
} from '@phalanx/coalition/matching';
import { concatBytes, fromHex, toHex, utf8 } from '@phalanx/core';
import type { Checks } from './checks.js';
import { checkMatchingByHand } from './matching-by-hand.js';
import { type MatchingJudges, openMatchingJudges } from './matching-judges.js';
import type { Suite } from './suite.js';

const INPUTS = 1_000;
const PROVED = 50;

interface RfcVector {
  readonly input: readonly string[];
  readonly blind: readonly string[];
  readonly blinded: readonly string[];
  readonly evaluated: readonly string[];
  readonly output: readonly string[];
  readonly random?: string;
  readonly proof?: string;
}

/** OPRF, VOPRF and PSI against the RFC and implementations by others. */
export const privateMatching: Suite = {
  name: 'private-matching',
  what: 'OPRF and VOPRF against RFC 9497, noble and voprf-ts; the specification by hand on noble; the size of an intersection against psi.js',
  async run(checks, { root }) {
    checkRfc(checks, root);
    checkMatchingByHand(checks, root);
    checkNoble(checks);
    checkShares(checks);
    const home = mkdtempSync(join(tmpdir(), 'phalanx-matching-'));
    try {
      const judges = await openMatchingJudges(home);
      if (typeof judges === 'string') return checks.skip(judges);
      await checkVoprfTs(checks, judges);
      await checkPsi(checks, judges);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
};

function checkRfc(checks: Checks, root: string): void {
  const file = join(root, 'docs/spec/vectors/private-matching.json');
  const { rfc9497 } = JSON.parse(readFileSync(file, 'utf8'));
  for (const [mode, name] of ['oprf', 'voprf'].entries() as Iterable<[OprfMode, string]>) {
    const key = deriveOprfKey(fromHex(rfc9497.seed), fromHex(rfc9497.keyInfo), mode);
    checks.equal(`RFC 9497 ${name} key`, toHex(key.secretKey), rfc9497[name].secretKey);
    for (const [number, vector] of (rfc9497[name].vectors as RfcVector[]).entries()) {
      const inputs = vector.input.map(fromHex);
      const blinded = inputs.map((input, i) => blindInput(input, mode, fromHex(vector.blind[i]!)));
      const points = blinded.map(({ point }) => point);
      const evaluated = evaluatePoints(key.secretKey, points);
      let outputs = inputs.map((input, i) => finalizeInput(input, blinded[i]!.blind, evaluated[i]!));
      if (mode === 1) {
        const answer = evaluateVerifiably(key, points, fromHex(vector.random!));
        checks.equal(`RFC 9497 ${name} proof ${number}`, toHex(answer.proof), vector.proof!);
        outputs = finalizeVerifiably(key.publicKey, inputs, blinded, answer);
      }
      const found = [points, evaluated, outputs].map((list) => list.map(toHex).join());
      const expected = [vector.blinded, vector.evaluated, vector.output].map((list) => list.join());
      checks.equal(`RFC 9497 ${name} vector ${number}`, found.join(' '), expected.join(' '));
    }
  }
}

/** Inputs of all lengths, among them none and 3,000 bytes. */
function drawInputs(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) =>
    i === 0 ? new Uint8Array() : new Uint8Array(randomBytes(i % 100 === 1 ? 3_000 : 1 + (i % 90))),
  );
}

function checkNoble(checks: Checks): void {
  // `evaluate` is there and exported, though its types leave it out.
  type Direct = { evaluate(secretKey: Uint8Array, input: Uint8Array): Uint8Array };
  const oprf = ristretto255_oprf.oprf as typeof ristretto255_oprf.oprf & Direct;
  const voprf = ristretto255_oprf.voprf as typeof ristretto255_oprf.voprf & Direct;
  const inputs = drawInputs(INPUTS);
  const keys = ([0, 1] as const).map((mode) =>
    deriveOprfKey(new Uint8Array(randomBytes(32)), utf8('conformance'), mode),
  );
  const [plain, verifiable] = keys as [(typeof keys)[0], (typeof keys)[0]];
  let different = 0;
  for (const input of inputs) {
    if (toHex(evaluateInput(plain.secretKey, input, 0)) !== toHex(oprf.evaluate(plain.secretKey, input)))
      different++;
    const [ours, theirs] = [
      evaluateInput(verifiable.secretKey, input, 1),
      voprf.evaluate(verifiable.secretKey, input),
    ];
    if (toHex(ours) !== toHex(theirs)) different++;
  }
  checks.check(
    `noble: outputs of ${INPUTS} inputs in both modes`,
    different === 0,
    () => `${different} differ`,
  );
  for (const input of inputs.slice(0, PROVED)) {
    const asked = voprf.blind(input);
    const answer = evaluateVerifiably(verifiable, [asked.blinded]);
    const [point] = answer.points;
    const output = voprf.finalize(
      input,
      asked.blind,
      point!,
      asked.blinded,
      verifiable.publicKey,
      answer.proof,
    );
    checks.equal(
      'noble verifies our proof',
      toHex(output),
      toHex(evaluateInput(verifiable.secretKey, input, 1)),
    );
  }
  const blinded = inputs.slice(0, PROVED).map((input) => blindInput(input, 1));
  const points = blinded.map(({ point }) => point);
  const batch = voprf.blindEvaluateBatch(verifiable.secretKey, verifiable.publicKey, points);
  const outputs = finalizeVerifiably(verifiable.publicKey, inputs.slice(0, PROVED), blinded, {
    points: batch.evaluated,
    proof: batch.proof,
  });
  const expected = inputs
    .slice(0, PROVED)
    .map((input) => toHex(evaluateInput(verifiable.secretKey, input, 1)));
  checks.equal(`we verify noble's proof over ${PROVED}`, outputs.map(toHex).join(), expected.join());
  checks.check(
    'we refuse what noble proved for another key',
    refuses(() =>
      finalizeVerifiably(plain.publicKey, inputs.slice(0, PROVED), blinded, {
        points: batch.evaluated,
        proof: batch.proof,
      }),
    ),
  );
}

function refuses(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

/** Each server's part is an answer of RFC 9497 under its weighted share, and the sum one under the key that nobody has. */
function checkShares(checks: Checks): void {
  const shares = rehearseKey(3, 5, 7);
  const { group } = shares[0]!;
  const inputs = drawInputs(PROVED).map((value) => matchingInput('device', group.epoch, value));
  const outputs = [
    [1, 2, 3],
    [2, 4, 5],
  ].map((quorum) => {
    const asked = blindForServers(group, quorum, inputs);
    const answers = quorum.map((server) => evaluateShare(shares[server - 1]!, asked.request));
    return finalizeFromServers(group, asked, answers).map(toHex).join();
  });
  checks.equal('two quorums of five servers give the same outputs', outputs[0]!, outputs[1]!);
  const quorum = [1, 3, 4];
  const unproved = blindForServers(group, quorum, inputs, false);
  const evaluate = (request: EvaluationRequest) =>
    quorum.map((server) => evaluateShare(shares[server - 1]!, request));
  const check = askForProof(unproved, evaluate(unproved.request));
  const atOnce = finalizeCombined(group, unproved, check, evaluate(check.request));
  checks.equal('and a third with one proof for all', atOnce.map(toHex).join(), outputs[0]!);
  const alone = rehearseKey(1, 1, 7)[0]!;
  const asked = blindForServers(alone.group, [1], inputs.slice(0, 1));
  const { points, proof } = evaluateShare(alone, asked.request);
  const [{ blind, point }] = asked.blinded as [(typeof asked.blinded)[0]];
  const found = ristretto255_oprf.voprf.finalize(
    inputs[0]!,
    blind,
    points[0]!,
    point,
    alone.group.publicKey,
    proof!,
  );
  const [expected] = finalizeFromServers(alone.group, asked, [evaluateShare(alone, asked.request)]);
  checks.equal("noble verifies a key server's answer", toHex(found), toHex(expected!));
}

async function checkVoprfTs(checks: Checks, { voprf }: MatchingJudges): Promise<void> {
  const suite = voprf.Oprf.Suite.RISTRETTO255_SHA512;
  const inputs = drawInputs(INPUTS);
  const key = deriveOprfKey(new Uint8Array(randomBytes(32)), utf8('conformance'), 1);
  const plain = deriveOprfKey(new Uint8Array(randomBytes(32)), utf8('conformance'), 0);
  const servers = [new voprf.OPRFServer(suite, plain.secretKey), new voprf.VOPRFServer(suite, key.secretKey)];
  let different = 0;
  for (const input of inputs) {
    const theirs = await Promise.all(servers.map((server) => server.evaluate(input)));
    const ours = [evaluateInput(plain.secretKey, input, 0), evaluateInput(key.secretKey, input, 1)];
    if (ours.some((output, mode) => toHex(output) !== toHex(theirs[mode]))) different++;
  }
  checks.check(
    `voprf-ts: outputs of ${INPUTS} inputs in both modes`,
    different === 0,
    () => `${different} differ`,
  );

  const asked = inputs.slice(0, PROVED);
  const expected = asked.map((input) => toHex(evaluateInput(key.secretKey, input, 1))).join();
  const client = new voprf.VOPRFClient(suite, key.publicKey);
  const [kept, request] = await client.blind(asked);
  const answer = evaluateVerifiably(
    key,
    request.blinded.map((point: { serialize(compressed: boolean): Uint8Array }) => point.serialize(true)),
  );
  const theirs = await client.finalize(kept, voprf.Evaluation.deserialize(suite, evaluationBytes(answer)));
  checks.equal(`voprf-ts verifies our proof over ${PROVED}`, theirs.map(toHex).join(), expected);

  const blinded = asked.map((input) => blindInput(input, 1));
  const bytes = concatBytes([Uint8Array.of(0, PROVED), ...blinded.map(({ point }) => point)]);
  const evaluation = await servers[1].blindEvaluate(voprf.EvaluationRequest.deserialize(suite, bytes));
  const outputs = finalizeVerifiably(key.publicKey, asked, blinded, {
    points: evaluation.evaluated.map((point: { serialize(compressed: boolean): Uint8Array }) =>
      point.serialize(true),
    ),
    proof: evaluation.proof.serialize(),
  });
  checks.equal(`we verify the proof of voprf-ts over ${PROVED}`, outputs.map(toHex).join(), expected);
}

/** The bytes of an evaluation as voprf-ts reads them: number of points in two bytes, points, mode, proof. */
function evaluationBytes({
  points,
  proof,
}: {
  points: readonly Uint8Array[];
  proof: Uint8Array;
}): Uint8Array {
  return concatBytes([Uint8Array.of(points.length >> 8, points.length), ...points, Uint8Array.of(1), proof]);
}

async function checkPsi(checks: Checks, { psi }: MatchingJudges): Promise<void> {
  const shapes: [a: number, b: number, range: number][] = [
    [100, 100, 150],
    [1, 200, 300],
    [200, 3, 220],
    [64, 64, 64],
    [80, 80, 100_000],
    [150, 150, 400],
  ];
  for (const [sizeA, sizeB, range] of shapes) {
    const [a, b] = [draw(sizeA, range), draw(sizeB, range)];
    const server = psi.server.createWithNewKey(false);
    const client = psi.client.createWithNewKey(false);
    const setup = server.createSetupMessage(0, -1, a, psi.dataStructure.Raw);
    const theirs: number = client.getIntersectionSize(setup, server.processRequest(client.createRequest(b)));
    const run = new Uint8Array(randomBytes(32));
    const open = (names: string[]) =>
      PsiParty.open(
        names.map((name) => matchingInput('device', 7, utf8(name))),
        {
          run,
          epoch: 7,
          tagSecret: new Uint8Array(randomBytes(32)),
          threads: 1,
        },
      );
    const [left, right] = [await open(a), await open(b)];
    const [fromLeft, fromRight] = [left.reveal(right.promise), right.reveal(left.promise)];
    const [backLeft, backRight] = [await right.remask(fromLeft), await left.remask(fromRight)];
    const ours = `${left.count(backLeft)} ${right.count(backRight)}`;
    checks.equal(`psi.js: ${sizeA} and ${sizeB} of ${range}`, ours, `${theirs} ${theirs}`);
  }
}

/** `size` different names of `range`. */
function draw(size: number, range: number): string[] {
  const names = new Set<string>();
  while (names.size < size) names.add(`device ${randomInt(range)}`);
  return [...names];
}
