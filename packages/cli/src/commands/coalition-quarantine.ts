import { createPublicKey, randomBytes } from 'node:crypto';
import type { StixObject } from '@phalanx/coalition';
import type { HeldChoice, HeldIndicator, QuarantineState, ReplaySummary } from '@phalanx/coalition/trust';
import { DAY_MS, PhalanxError, showInvisible, systemClock } from '@phalanx/core';
import { ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatDay, formatPlural } from '../figures.js';
import { keepTerms, recordIntake } from '../intake-record.js';
import {
  hasKeptTexts,
  type LabFlags,
  openAuthor,
  readAccountList,
  readKnownMembers,
  readObjects,
  readSharedKey,
  signAs,
  usage,
  withLabStore,
  writeObjects,
} from '../lab-trust.js';
import { withStore } from '../telemetry-session.js';
import type { Terminal } from '../terminal.js';
import { writeIndicator, writeIndicators } from '../trust-text.js';
import { readBytes } from './ledger.js';

export interface TakeFlags extends LabFlags {
  readonly member: string[];
  readonly alias: string[];
}

/**
 * `phalanx coalition quarantine take`: objects of other labs into quarantine, in the order of the files, their receipts in the lab's log first. Exit 1
 * when something was not taken.
 */
export async function takeCommand(
  files: readonly string[],
  flags: TakeFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { takeIn } = await import('@phalanx/coalition/trust');
  const known = await readKnownMembers(flags.member, flags.alias);
  const { identity } = await openAuthor(flags, terminal, 0);
  const objects = (await Promise.all(files.map(readObjects))).flat();
  const atMs = systemClock.nowMs();
  await recordIntake(objects, known, flags, terminal);
  return withLabStore(flags, terminal, async (store) => {
    const counts = new Map<string, number>();
    const taken = new Set<string>();
    for (const [i, object] of objects.entries()) {
      // One pull has one time; its order is the hub's. What an object says of its own time is its maker's.
      const addedMs = atMs - objects.length + i;
      const became = await takeIn(
        { store: store.quarantine, known, self: identity.member },
        object,
        addedMs,
        atMs,
      );
      counts.set(became, (counts.get(became) ?? 0) + 1);
      if (became === 'taken') taken.add(object.id);
      if (!EXPECTED.has(became)) terminal.talk(`${became}  ${showInvisible(object.id)}\n`);
    }
    await keepTerms(objects, taken, store);
    const told = Object.fromEntries(counts);
    if (flags.json) terminal.out(`${JSON.stringify(told)}\n`);
    else
      terminal.out(
        `${[...counts].map(([became, count]) => `${became} ${count}`).join(', ') || 'nothing there'}\n`,
      );
    return [...counts.keys()].every((became) => EXPECTED.has(became)) ? ExitCode.OK : ExitCode.FOUND;
  });
}

const EXPECTED: ReadonlySet<string> = new Set(['taken', 'known', 'own', 'unheld', 'not-judged']);

/**
 * `phalanx coalition quarantine follow`: what makers have taken back, from the hub, applied and then acknowledged. To be run once a minute. Exit 1 when the hub
 * shows a retraction that no maker known here has signed; nothing from there on is acknowledged.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`; as the hub refused
 */
export async function followCommand(flags: TakeFlags, terminal: Terminal): Promise<ExitCode> {
  const [{ applyRetraction, followRetractions }, { openRemoteFeed }, { openCoalitionPeers }] =
    await Promise.all([
      import('@phalanx/coalition/trust'),
      import('@phalanx/server'),
      import('../coalition-peers.js'),
    ]);
  const known = await readKnownMembers(flags.member, flags.alias);
  const peers = await openCoalitionPeers(terminal);
  try {
    return await withLabStore(flags, terminal, async ({ quarantine }) => {
      const apply = async (object: StixObject, member: string) =>
        void (await applyRetraction(quarantine, object, member, systemClock.nowMs()));
      const place = await quarantine.readFeedPlace();
      const followed = await followRetractions(openRemoteFeed(peers.hub), place, known, apply);
      await quarantine.writeFeedPlace(followed.seq);
      if (flags.json) terminal.out(`${JSON.stringify(followed)}\n`);
      else terminal.out(`${formatPlural(followed.applied, 'retraction')} applied, up to ${followed.seq}\n`);
      for (const id of followed.unproven)
        terminal.talk(`no maker has taken back ${showInvisible(id)}: ask the hub\n`);
      return followed.unproven.length === 0 ? ExitCode.OK : ExitCode.FOUND;
    });
  } finally {
    peers.close();
  }
}

/** `phalanx coalition quarantine list`: what is held, oldest first. */
export async function listHeldCommand(
  flags: LabFlags & { readonly state?: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const { QUARANTINE_STATES } = await import('@phalanx/coalition/trust');
  const { state } = flags;
  if (state !== undefined && !QUARANTINE_STATES.includes(state as QuarantineState))
    throw usage(`${state} is no state`, `One of ${QUARANTINE_STATES.join(', ')}.`);
  const states = state === undefined ? QUARANTINE_STATES : [state as QuarantineState];
  return withLabStore(flags, terminal, async (store) => {
    const held = await store.quarantine.listHeld(states, MAX_LISTED);
    if (flags.json) terminal.out(`${JSON.stringify(held.map(summarise))}\n`);
    else if (held.length > 0) terminal.out(writeIndicators(held));
    else terminal.talk('nothing of others is held here\n');
    return ExitCode.OK;
  });
}

const MAX_LISTED = 100_000;

function summarise({ id, member, state, reason, takenAtMs, decision }: HeldIndicator) {
  return { id, member, state, reason, takenAtMs, decision };
}

/** `phalanx coalition quarantine show`: one indicator, its last replay condition by condition, and every change of its state. */
export async function showHeldCommand(id: string, flags: LabFlags, terminal: Terminal): Promise<ExitCode> {
  return withLabStore(flags, terminal, async (store) => {
    const held = await store.quarantine.findHeld(id);
    if (held === null)
      throw usage(`${showInvisible(id)} is not held`, '`phalanx coalition quarantine list` names them.');
    const transitions = await store.quarantine.listTransitions(id);
    terminal.out(
      flags.json ? `${JSON.stringify({ ...held, transitions })}\n` : writeIndicator(held, transitions),
    );
    return ExitCode.OK;
  });
}

export interface ReplayFlags extends LabFlags {
  readonly labs?: string;
  readonly budget?: string;
  readonly good?: string;
  readonly warnings: string[];
  readonly sketchKey?: string;
  readonly sightings?: string;
  readonly tlp?: string;
}

/**
 * `phalanx coalition quarantine replay`: looks for everything that is held in the last 30 days of own telemetry, and says what may be enforced and what
 * not. Exit 1 when something may be.
 */
export async function replayCommand(flags: ReplayFlags, terminal: Terminal): Promise<ExitCode> {
  const trust = await import('@phalanx/coalition/trust');
  const atMs = systemClock.nowMs();
  const terms = {
    ...trust.DEFAULT_TERMS,
    ...(flags.labs !== undefined && { labs: readNumber(flags.labs, 1, 50, 'labs') }),
    ...(flags.budget !== undefined && { falsePositiveBudget: readNumber(flags.budget, 1e-6, 0.1, 'budget') }),
  };
  const lists = [
    trust.permanentList(),
    ...flags.warnings.map((path) => trust.readWarningList(readBytes(path))),
  ];
  for (const { name, unused } of lists)
    if (unused > 0)
      terminal.talk(
        `${formatPlural(unused, 'entry', 'entries')} of ${showInvisible(name)} match nothing that is held here\n`,
      );
  const { identity, authorship } = await openAuthor(flags, terminal, atMs);
  const config = loadConfig(terminal.env, flags.config);
  const summary = await withLabStore(flags, terminal, (control, dataDir) =>
    withStore(config, dataDir, async (store) => {
      const [{ openSketchKey, openTextVault }, { openOwnTelemetry }] = await Promise.all([
        import('@phalanx/store'),
        import('../own-telemetry.js'),
      ]);
      const telemetry = openOwnTelemetry({
        store,
        vault: hasKeptTexts(dataDir) ? await openTextVault(store, dataDir) : null,
        sketchKey: await openSketchKey(dataDir),
        coalitionKey: flags.sketchKey === undefined ? null : readSharedKey(flags.sketchKey),
        goodAccounts: readAccountList(flags.good),
      });
      return trust.replayQuarantine({
        store: control.quarantine,
        self: identity.member,
        telemetry,
        lists,
        terms,
        atMs,
      });
    }),
  );
  if (flags.sightings !== undefined) {
    const { makeSighting } = trust;
    const objects = summary.sightings.map((facts) => makeSighting(facts, authorship));
    await writeObjects(
      await Promise.all(objects.map((object) => signAs(identity, object))),
      flags.sightings,
      terminal,
    );
  }
  return tellReplay(summary, flags, terminal);
}

function tellReplay(summary: ReplaySummary, flags: LabFlags, terminal: Terminal): ExitCode {
  const states = Object.fromEntries(summary.states);
  if (flags.json)
    terminal.out(
      `${JSON.stringify({ replayed: summary.replayed, states, transitions: summary.transitions })}\n`,
    );
  else {
    terminal.out(`${formatPlural(summary.replayed, 'trace')} looked for\n`);
    for (const [state, count] of summary.states) terminal.out(`${String(count).padStart(8)}  ${state}\n`);
    for (const { indicatorId, from, to, reason } of summary.transitions)
      terminal.out(`${indicatorId}  ${from ?? '-'} -> ${to} (${reason})\n`);
  }
  return (summary.states.get('enforceable') ?? 0) > 0 ? ExitCode.FOUND : ExitCode.OK;
}

const CHOICES: readonly HeldChoice[] = ['enforce', 'ignore', 'reopen'];

/** `phalanx coalition quarantine decide`: what a person of the lab decides about one indicator, on own evidence. */
export async function decideCommand(
  id: string,
  choice: string,
  flags: LabFlags & { readonly by: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const { decideHeld } = await import('@phalanx/coalition/trust');
  if (!CHOICES.includes(choice as HeldChoice))
    throw usage(`${choice} is no decision`, `One of ${CHOICES.join(', ')}.`);
  return withLabStore(flags, terminal, async (store) => {
    const held = await decideHeld(store.quarantine, id, choice as HeldChoice, flags.by, systemClock.nowMs());
    if (flags.json) terminal.out(`${JSON.stringify(summarise(held))}\n`);
    else {
      const findings = held.decision?.findings ?? [];
      const ground = findings.length === 0 ? '' : `, on own findings ${findings.join(', ')}`;
      terminal.out(
        `${id}  ${held.state}${held.decision === null ? '' : `, ${held.decision.choice} by ${held.decision.by}${ground}`}\n`,
      );
    }
    return ExitCode.OK;
  });
}

export interface OverrideFlags extends LabFlags {
  readonly counsel: string;
  readonly key: string;
  readonly reason: string;
  readonly days: string;
}

/**
 * `phalanx coalition quarantine override`: counsel signs that the number of labs does not matter for one version of one indicator. Every other
 * condition still holds it back.
 */
export async function overrideCommand(
  id: string,
  flags: OverrideFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const [{ digestObject }, { readOverride, signOverride }, { readUnencryptedKeyFile }] = await Promise.all([
    import('@phalanx/coalition'),
    import('@phalanx/coalition/trust'),
    import('@phalanx/ledger'),
  ]);
  const privateKey = await readUnencryptedKeyFile(flags.key);
  const atMs = systemClock.nowMs();
  return withLabStore(flags, terminal, async (store) => {
    const held = await store.quarantine.findHeld(id);
    if (held === null)
      throw usage(`${showInvisible(id)} is not held`, '`phalanx coalition quarantine list` names them.');
    const days = readNumber(flags.days, 0.01, 14, 'days');
    const unsigned = {
      type: 'phalanx-override-1',
      indicator: id,
      digest: digestObject(held.object),
      reason: flags.reason as 'own-victim',
      counsel: flags.counsel,
      issuedAtMs: atMs,
      expiresAtMs: atMs + Math.round(days * DAY_MS),
    } as const;
    const override = makeOverride(() => signOverride(unsigned, privateKey));
    const keys = new Map([[flags.counsel, createPublicKey(privateKey)]]);
    await store.quarantine.addOverride(readOverride(override, keys, atMs));
    terminal.out(
      flags.json ? `${JSON.stringify(override)}\n` : `holds until ${formatDay(unsigned.expiresAtMs)}\n`,
    );
    return ExitCode.OK;
  });
}

function makeOverride<T>(sign: () => T): T {
  try {
    return sign();
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    throw usage(
      'this is no override',
      'A reason of imminent-release, court-order or own-victim; a name of small letters; an Ed25519 key.',
    );
  }
}

export interface PlantFlags extends LabFlags {
  readonly count: string;
  readonly sketchKey: string;
  readonly out: string;
  readonly tlp?: string;
}

/**
 * `phalanx coalition quarantine plant`: indicators of values that nobody can have seen, to be released as any others are; who claims to have seen one is
 * barred here. Prints the promise, to be published before, and keeps the seed in the answer for machines alone.
 */
export async function plantCommand(flags: PlantFlags, terminal: Terminal): Promise<ExitCode> {
  const [{ makeDomainObject }, { keyOfTrace, listCanaries, promiseCanaries }, { createCoalitionSketcher }] =
    await Promise.all([
      import('@phalanx/coalition'),
      import('@phalanx/coalition/trust'),
      import('@phalanx/sketch'),
    ]);
  const { paramsDigest } = createCoalitionSketcher(readSharedKey(flags.sketchKey));
  const planting = {
    seed: new Uint8Array(randomBytes(32)),
    paramsDigest,
    count: readNumber(flags.count, 1, 1_000, 'count'),
  };
  const canaries = listCanaries(planting);
  const { identity, authorship } = await openAuthor(flags, terminal, systemClock.nowMs());
  const objects = canaries.map((trace) => {
    const digest = keyOfTrace(trace).split(':').at(-1)!;
    return makeDomainObject('indicator', authorship, {
      name: 'prompt-fingerprint',
      indicator_types: ['malicious-activity'],
      pattern: `[(x-llm-prompt-fingerprint:params_digest = '${paramsDigest}' AND x-llm-prompt-fingerprint:digest = '${digest}')]`,
      pattern_type: 'stix',
      pattern_version: '2.1',
      valid_from: new Date(authorship.atMs).toISOString(),
      valid_until: new Date(authorship.atMs + 90 * DAY_MS).toISOString(),
    });
  });
  const promise = promiseCanaries(planting);
  await withLabStore(flags, terminal, (store) =>
    store.quarantine.addCanaries(identity.member, canaries.map(keyOfTrace)),
  );
  await writeObjects(
    await Promise.all(objects.map((object) => signAs(identity, object))),
    flags.out,
    terminal,
  );
  const seed = Buffer.from(planting.seed).toString('hex');
  terminal.out(
    flags.json ? `${JSON.stringify({ ...promise, ...planting, seed })}\n` : `promise ${promise.commitment}\n`,
  );
  return ExitCode.OK;
}

function readNumber(text: string, least: number, most: number, what: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most))
    throw usage(`"${text}" is no number of ${what}`, `From ${least} to ${most}.`);
  return value;
}
