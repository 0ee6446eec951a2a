import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import {
  askForProof,
  blindForServers,
  type EvaluationRequest,
  evaluateShare,
  finalizeCombined,
  finalizeFromServers,
  MAX_POINTS,
  matchingInput,
  PsiParty,
  packReveal,
  RevealCollector,
  rehearseKey,
  type SealedSighting,
  sealSighting,
} from '@phalanx/coalition/matching';
import { utf8 } from '@phalanx/core';

const PEER = { '@openmined/psi.js': '2.0.6' };
const INSTALL_MS = 300_000;

/**
 * Prints CPU seconds of one party, wall seconds and bytes for the cardinality of two sets at level 0, and of `@openmined/psi.js` on sets of
 * the same sizes in the same run; then microseconds a value for client, key server and collector at level 2.
 */
export async function benchPrivateMatching(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      elements: { type: 'string', default: '100000' },
      values: { type: 'string', default: '2000' },
      submissions: { type: 'string', default: '200000' },
      'no-peer': { type: 'boolean', default: false },
    },
  });
  const elements = Number(values.elements);
  console.log(`cardinality of ${elements} x ${elements}, one party`);
  const alone = await measureOurs(elements, 1);
  const together = await measureOurs(elements, availableParallelism());
  if (!values['no-peer']) await measurePeer(elements, alone, together);
  measureReveal(Number(values.values));
  measureCollector(Number(values.submissions));
}

interface Cost {
  readonly cpuS: number;
  readonly wallS: number;
}

async function measure<T>(work: () => T | Promise<T>): Promise<[T, Cost]> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  return [result, { cpuS: (user + system) / 1e6, wallS: (performance.now() - wall) / 1e3 }];
}

function sum(...costs: readonly Cost[]): Cost {
  return {
    cpuS: costs.reduce((total, { cpuS }) => total + cpuS, 0),
    wallS: costs.reduce((total, { wallS }) => total + wallS, 0),
  };
}

const show = ({ cpuS, wallS }: Cost) => `${cpuS.toFixed(1)} CPU s, ${wallS.toFixed(1)} s on the clock`;

async function measureOurs(elements: number, threads: number): Promise<Cost> {
  const set = (step: number) =>
    Array.from({ length: elements }, (_, i) => matchingInput('device', 7, utf8(`device ${i * step}`)));
  const run = new Uint8Array(randomBytes(32));
  const options = { run, epoch: 7, tagSecret: new Uint8Array(randomBytes(32)), threads };
  const [a, opened] = await measure(() => PsiParty.open(set(2), options));
  const b = await PsiParty.open(set(3), options);
  const [masked, revealed] = await measure(() => a.reveal(b.promise));
  const theirs = b.reveal(a.promise);
  const [, remasked] = await measure(() => a.remask(theirs));
  const back = await b.remask(masked);
  const [common, counted] = await measure(() => a.count(back));
  const expected = new Set(Array.from({ length: elements }, (_, i) => i * 2));
  const truth = Array.from({ length: elements }, (_, i) => i * 3).filter((i) => expected.has(i)).length;
  const cost = sum(opened, revealed, remasked, counted);
  console.log(
    `  Phalanx, threads: ${threads}, padded to ${masked.points.length}: ${show(cost)}; ${common} in common, ${truth} expected`,
  );
  console.log(`    mask and declare ${show(opened)}`);
  console.log(`    mask the other's list ${show(remasked)}`);
  console.log(`    count ${show(counted)}`);
  console.log(`    ${((masked.points.length * 64) / 1e6).toFixed(1)} MB each way`);
  return cost;
}

/** Both sides of psi.js: who is asked gives a setup and an answer, who asks makes a request and counts. */
async function measurePeer(elements: number, alone: Cost, together: Cost): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'phalanx-psi-'));
  try {
    const manifest = { private: true, dependencies: PEER };
    await writeFile(join(home, 'package.json'), JSON.stringify(manifest));
    // Its dependencies fetch compilers that it does not use when it runs.
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
    try {
      await promisify(execFile)('npm', ['install', ...flags], { cwd: home, timeout: INSTALL_MS });
    } catch {
      console.log('  psi.js: not to be had here, so no comparison');
      return;
    }
    const file = join(home, 'node_modules/@openmined/psi.js/psi_wasm_node.js');
    const psi = await (await import(pathToFileURL(file).href)).default();
    const set = (step: number) => Array.from({ length: elements }, (_, i) => `device ${i * step}`);
    const server = psi.server.createWithNewKey(false);
    const client = psi.client.createWithNewKey(false);
    const [setup, setUp] = await measure(() =>
      server.createSetupMessage(0, -1, set(2), psi.dataStructure.Raw),
    );
    const [request, asked] = await measure(() => client.createRequest(set(3)));
    const [response, answered] = await measure(() => server.processRequest(request));
    const [common, counted] = await measure(() => client.getIntersectionSize(setup, response));
    const [giver, asker] = [sum(setUp, answered), sum(asked, counted)];
    console.log(`  psi.js 2.0.6, asked: ${show(giver)}`);
    console.log(`  psi.js 2.0.6, asking: ${show(asker)}; ${common} in common`);
    const cpu = Math.min(giver.cpuS, asker.cpuS) / alone.cpuS;
    const wall = Math.min(giver.wallS, asker.wallS) / together.wallS;
    console.log(
      `  psi.js / Phalanx: ${cpu.toFixed(1)} x CPU, one thread each; ${wall.toFixed(1)} x on the clock with all threads`,
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function timeEach(count: number, work: () => void): number {
  const cpu = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / count;
}

/** 3 of 5 key servers, threshold of three labs, one thread; best of three rounds. */
function measureReveal(values: number): void {
  const count = Math.min(values, MAX_POINTS);
  const shares = rehearseKey(3, 5, 7);
  const { group } = shares[0]!;
  const inputs = Array.from({ length: count }, (_, i) => matchingInput('device', 7, utf8(`device ${i}`)));
  const quorum = [1, 3, 5];
  const best = {
    blind: Infinity,
    server: Infinity,
    proving: Infinity,
    each: Infinity,
    atOnce: Infinity,
    seal: Infinity,
  };
  const note = (what: keyof typeof best, work: () => void) => {
    best[what] = Math.min(best[what], timeEach(count, work));
  };
  for (let round = 0; round < 3; round++) {
    const answer = (request: EvaluationRequest) =>
      quorum.map((server) => evaluateShare(shares[server - 1]!, request));
    let asked = blindForServers(group, quorum, inputs.slice(0, 1), false);
    note('blind', () => (asked = blindForServers(group, quorum, inputs, false)));
    const proved = { ...asked, request: { ...asked.request, proved: true } };
    note('server', () => evaluateShare(shares[0]!, asked.request));
    note('proving', () => evaluateShare(shares[0]!, proved.request));
    const [answers, provedAnswers] = [answer(asked.request), answer(proved.request)];
    let outputs: Uint8Array[] = [];
    note('each', () => (outputs = finalizeFromServers(group, proved, provedAnswers)));
    note('atOnce', () => {
      const check = askForProof(asked, answers);
      outputs = finalizeCombined(group, asked, check, answer(check.request));
    });
    note('seal', () => outputs.map((output, i) => sealOne(output, i, 1)));
  }
  const us = (value: number) => value.toFixed(0);
  const client = best.blind + best.atOnce + best.seal;
  console.log(
    `reveal at threshold, 3 of 5 key servers, 3 labs, ${count} values, us of CPU a value, one thread`,
  );
  console.log(
    `  client ${us(client)}: blind ${us(best.blind)}, check all servers at once and finish ${us(best.atOnce)}, share and seal ${us(best.seal)}; ` +
      `each key server ${us(best.server)}`,
  );
  console.log(
    `  with a proof for each batch instead: client ${us(best.blind + best.each + best.seal)}, each key server ${us(best.proving)}`,
  );
  console.log('  64 bytes to and from each key server, 236 to the collector');
}

const TERMS = { epoch: 7, threshold: 3 };

function sealOne(output: Uint8Array, i: number, place: number): SealedSighting {
  const value = utf8(`device-${i}`.padEnd(16, '_'));
  return sealSighting(output, TERMS, place, {
    valueClass: 'device',
    value,
    day: 20_000,
    decade: 1,
    detail: new Uint8Array(),
  });
}

/** Five labs; one value in a hundred is seen by all of them, the rest by one. Outputs are drawn: the collector cannot tell. */
function measureCollector(submissions: number): void {
  const labs = 5;
  const each = Math.floor(submissions / labs);
  const common = Math.floor(each / 100);
  const shared = Array.from({ length: common }, () => new Uint8Array(randomBytes(64)));
  const collector = new RevealCollector(TERMS);
  let taken = 0;
  for (let place = 1; place <= labs; place++) {
    const sealed = Array.from({ length: each }, (_, i) => sealOne(shared[i] ?? randomBytes(64), i, place));
    const batches = packReveal(TERMS, sealed);
    taken += timeEach(1, () => {
      for (const batch of batches) collector.submit(place, batch);
    });
  }
  let revealed = 0;
  const opened = timeEach(1, () => (revealed = collector.reveal().revealed.length));
  console.log(`collector, ${each * labs} submissions of ${labs} labs, ${common} values seen by all`);
  console.log(
    `  took them in ${(taken / 1e6).toFixed(2)} CPU s and opened ${revealed} in ${(opened / 1e6).toFixed(2)}: ` +
      `${((taken + opened) / (each * labs)).toFixed(2)} us a submission`,
  );
}
