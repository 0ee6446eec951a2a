#!/usr/bin/env node
import { PhalanxError } from '@phalanx/core';
import { runHydraBenchCommand } from './hydrabench/command.js';

/** Every measurement by its name on the command line: a new one is one file and one entry here. */
const MEASUREMENTS: Readonly<
  Record<string, { readonly what: string; readonly run: (args: readonly string[]) => Promise<void> }>
> = {
  sketch: {
    what: 'microseconds a text: sketch kernel, plain JavaScript, SHA-256',
    run: async () => (await import('./sketch-speed.js')).benchSketchSpeed(),
  },
  ingest: {
    what: 'rows a second from a LiteLLM log into the store',
    run: async () => (await import('./ingest-speed.js')).benchIngestSpeed(),
  },
  attribution: {
    what: 'rows of a data set against stored response sketches, time by stage, recall by kind of edit, false matches: [--rows 1000000] [--stored 100000000] [--engine-join]',
    run: async (args) => (await import('./attribution-scale.js')).benchAttribution(args),
  },
  ledger: {
    what: 'a log on disk: entries a second beside raw SHA-256 and one file a tile; time to acknowledgement at 100,000 a second; proofs; memory: [--entries 50000000]',
    run: async (args) => (await import('./ledger-append.js')).benchLedgerAppend(args),
  },
  'ledger-hammer': {
    what: 'a served and witnessed log under writers and readers, every answer verified: [--writers 8] [--readers 8] [--seconds 10] [--entries 1000000]',
    run: async (args) => (await import('./ledger-hammer.js')).hammerLedger(args),
  },
  record: {
    what: 'exchanges committed to in six groups, chained, logged with sealed openings and signed for: a second, to acknowledgement, memory: [--exchanges 50000000] [--offered 25000]',
    run: async (args) => (await import('./record-append.js')).benchRecordAppend(args),
  },
  'coalition-poisoning': {
    what: 'what planted indicators achieve: 10 attacks by one lab of seven, collusions of up to three: [--seeds 3] [--planted 1000]',
    run: async (args) => (await import('./coalition-poisoning.js')).benchCoalitionPoisoning(args),
  },
  'coalition-hub': {
    what: 'evaluations and lookups a second over HTTP, beside those of the library: [--evaluations 100000] [--tokens 100000] [--lookups 20000]',
    run: async (args) => (await import('./coalition-hub.js')).benchCoalitionHub(args),
  },
  'coalition-identity': {
    what: 'requests that a hub establishes the sender of, by method: a second and processor time each: [--requests 1000] [--url postgres://...]',
    run: async (args) => (await import('./coalition-identity.js')).benchCoalitionIdentity(args),
  },
  'private-matching': {
    what: 'how many elements two sets share, beside psi.js in the same run; rates of clients, key servers and collector: [--elements 100000] [--values 2000] [--submissions 200000] [--no-peer]',
    run: async (args) => (await import('./private-matching.js')).benchPrivateMatching(args),
  },
  'joint-finding': {
    what: 'coalitions without a hydra: candidates, names, e-values of pools joined by force; with one: days until a lab alone, and all together, name it: [--honest 20] [--calibration 20] [--seeds 5] [--name plain] [--labs 3] [--days 7] [--accounts 300] [--at-each 200] [--requests 6] [--rates 0.33] [--campaign plain|reasoning|rewrites|careful] [--sources code-task]',
    run: async (args) => (await import('./joint-finding.js')).benchJointFinding(args),
  },
  radioactivity: {
    what: 'students counted on marked text in known shares, closed and open tests; clean students under many keys: [--text FILE.jsonl] [--schemes kgw,gumbel,synthid] [--seeds 5] [--keys 250] [--training 60000] [--no-curve] [--no-clean]',
    run: async (args) => (await import('./radioactivity/command.js')).benchRadioactivity(args),
  },
  repeats: {
    what: 'how often the prompts of each file of a folder repeat one another: --prompts FOLDER',
    run: async (args) => (await import('./repeat-rates.js')).benchRepeatRates(args),
  },
  scale: {
    what: 'detection on 1.3, 10 and 31 million exchanges, February 2026 shape: [--days 1,8,24] [--prompts FOLDER] [--timing FILE] [--keep FOLDER]',
    run: async (args) => (await import('./detection-scale.js')).benchDetectionScale(args),
  },
  'control-store': {
    what: 'objects added to a collection of the control store and read by pages, on PGlite and PostgreSQL, beside the engine alone: [--objects 100000]',
    run: async (args) => (await import('./control-store.js')).benchControlStore(args),
  },
  'taxii-client': {
    what: 'processor time of the TAXII client for what it reads',
    run: async () => (await import('./taxii-client.js')).benchTaxiiClient(),
  },
  'taxii-read': {
    what: 'a TAXII collection read by pages over HTTP from memory, PGlite and PostgreSQL, beside OpenTAXII and medallion when PHALANX_PYTHON has them: [--objects 100000] [--stores memory,pglite,postgres] [--no-peers]',
    run: async (args) => (await import('./taxii-read.js')).benchTaxiiRead(args),
  },
  'sharing-policy': {
    what: 'milliseconds a decision on what leaves: whole, Cedar alone, detectors',
    run: async () => (await import('./sharing-policy.js')).benchSharingPolicy(),
  },
  'watermark-prf': {
    what: 'tokens a second under the keyed functions of marks: SipHash, Philox, HMAC; own dialects; a step of generation',
    run: async () => (await import('./watermark-prf.js')).benchWatermarkPrf(),
  },
  'watermark-gumbel': {
    what: 'Gumbel detection: tokens a second with and without n-grams gathered, a ring of keys, beside vLLM: [--keys 1000] [--vllm FOLDER of its wheel]',
    run: async (args) => (await import('./watermark-gumbel.js')).benchWatermarkGumbel(args),
  },
  'watermark-kgw': {
    what: 'KGW detection: n-grams a second, contexts new and recurring, beside torch when python3 or PHALANX_PYTHON has it',
    run: async () => (await import('./watermark-kgw.js')).benchWatermarkKgw(),
  },
  'watermark-synthid': {
    what: 'SynthID detection at 30 layers: n-grams a second of three dialects, whole tests, beside torch when python3 or PHALANX_PYTHON has it',
    run: async () => (await import('./watermark-synthid.js')).benchWatermarkSynthid(),
  },
  'watermark-power': {
    what: 'tests of marks: found at 1e-2, 1e-3, 1e-6 by tokens and entropy, after edits, pasted into longer text, spans: [--texts 500] [--documents 200] [--out FILE.svg] [--parts lengths,edits,pastes,spans]',
    run: async (args) => (await import('./watermark-power.js')).benchWatermarkPower(args),
  },
  'watermark-attacks': {
    what: 'marked texts altered as texts, tokenised again, tested: found at 1e-6 by attack and scheme: [--texts 60] [--tokens 300] [--prompts FOLDER] [--seed 1]',
    run: async (args) => (await import('./watermark-attacks.js')).benchWatermarkAttacks(args),
  },
  'watermark-attribution': {
    what: 'whose key among many, by one thread: [--keys 1000000] [--ngrams 200] [--tokens 1000000] [--ring 1000]',
    run: async (args) => (await import('./watermark-attribution.js')).benchWatermarkAttribution(args),
  },
  'weight-fuzz': {
    what: 'mutated headers of weight files opened and read: outcomes, rate, memory: [--headers 20000] [--formats safetensors,gguf,...] [--seed 1] [--threads 2] [--worst]',
    run: async (args) => (await import('./weights/fuzz.js')).fuzzWeights(args),
  },
  'weight-lineage': {
    what: 'T1 on two models of 70B shape over HTTP ranges, T2 on one layer: bytes, requests, processor time, memory; or the turn between residual streams: [--turn 4096]',
    run: async (args) => (await import('./weight-lineage.js')).benchWeightLineage(args),
  },
  'weight-signing': {
    what: 'signing a file of weights by each hash, GB a second beside sha256sum, b2sum and b3sum; memory on a sparse file: [--file 1] [--size 20] in GB',
    run: async (args) => (await import('./weights/signing.js')).benchWeightSigning(args),
  },
  'weight-sealing': {
    what: 'sealing and opening beside age, its library and the limit of node:crypto: GB a CPU-second, memory: [--gb 4]',
    run: async (args) => (await import('./weights/sealing.js')).benchWeightSealing(args),
  },
  'weight-tracing': {
    what: 'marked copies: p-values of up to 40 colluders in simulation beside what is expected; speed of marking beside a plain copy and SHA-256, memory: [--gigabytes 2] [--no-simulation] [--no-speed]',
    run: async (args) => (await import('./weight-tracing.js')).benchWeightTracing(args),
  },
  hydrabench: {
    what: 'campaigns found, honest customers accused: [--list] [--cells NAME,...] [--seeds N] [--prompts FOLDER] [--timing FILE] [--split development|held-out] [--quick] [--alpha A] [--days D] [--no-ablation] [--no-baselines] [--out FILE.json]',
    run: runHydraBenchCommand,
  },
};

const [name = 'list', ...args] = process.argv.slice(2);
const measurement = MEASUREMENTS[name];
if (measurement !== undefined) {
  try {
    await measurement.run(args);
  } catch (error) {
    if (!PhalanxError.is(error) && !String((error as { code?: unknown })?.code).startsWith('ERR_PARSE_ARGS'))
      throw error;
    const advice = PhalanxError.is(error) && error.advice ? `\n${error.advice}` : '';
    console.error(`${(error as Error).message}${advice}`);
    process.exitCode = 2;
  }
} else {
  const print = name === 'list' ? console.log : console.error;
  if (name !== 'list') print(`there is no measurement ${name}`);
  for (const [key, { what }] of Object.entries(MEASUREMENTS)) print(`${key}: ${what}`);
  if (name !== 'list') process.exitCode = 2;
}
