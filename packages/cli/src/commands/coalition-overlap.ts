import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import type { PsiMasked, PsiPromise, PsiRemasked } from '@phalanx/coalition/matching';
import { canonicalJson, concatBytes, fromBase64, fromHex, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import type { OverlapStep, PeerClient } from '@phalanx/server';
import { z } from 'zod';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { type CoalitionIdentity, readPublicIdentity } from '../coalition-identity.js';
import { openCoalitionPeers } from '../coalition-peers.js';
import type { Terminal } from '../terminal.js';
import { readRows, setSecret } from './coalition-match.js';
import { readBytes } from './ledger.js';

const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const LABEL = utf8('phalanx-overlap-message-v1\0');
const POLL_MS = 1000;

const saidSchema = z.strictObject({ body: z.string(), signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/) });

export interface PermitOverlapFlags {
  readonly days: string;
  readonly statement: string;
}

/** `phalanx coalition match permit`: this lab permits runs with another, on a statement of its counsel. @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `COALITION_POLICY` */
export async function permitOverlapCommand(
  peer: string,
  flags: PermitOverlapFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const days = Number(flags.days);
  if (!(days > 0 && days <= 90)) throw usageError(`${flags.days} days`, 'At most 90.');
  const statement = Buffer.from(readBytes(flags.statement)).toString('utf8');
  const peers = await openCoalitionPeers(terminal);
  try {
    const untilMs = Math.floor(Date.now() + days * 86_400_000) - 60_000;
    await peers.hub.call(
      'PUT',
      `/coalition/v1/overlaps/grants/${peer}`,
      JSON.stringify({ untilMs, statement }),
    );
    return ExitCode.OK;
  } finally {
    peers.close();
  }
}

export interface OverlapFlags {
  /** Name of the run, 64 hexadecimal digits, which both agreed on. */
  readonly run: string;
  /** The other's public file, which it gave by another way than the hub. */
  readonly peer: string;
  readonly timeout: string;
}

/**
 * `phalanx coalition match overlap`: how many values two labs have in common (level 0). Both run it at the same time with the same `--run`. What the
 * other says must be signed by the key of its public file, so that a hub cannot take its part.
 *
 * @throws PhalanxError `COALITION_PROOF` when a signature or list is false, or the two counts differ; `COALITION_LIMIT` when the other does not come
 */
export async function overlapCommand(
  file: string,
  flags: OverlapFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const matching = await import('@phalanx/coalition/matching');
  if (!/^[0-9a-f]{64}$/.test(flags.run))
    throw usageError('a run has 64 hexadecimal digits', 'Agree on fresh ones.');
  const rows = readRows(file);
  const other = readPublicIdentity(flags.peer);
  const epoch = matching.epochOf(Date.now());
  const inputs = rows.map((row) =>
    matching.matchingInput(row.class as never, epoch, matching.canonicalValue(row.class as never, row.value)),
  );
  const peers = await openCoalitionPeers(terminal);
  const run = fromHex(flags.run);
  const untilMs = Date.now() + 1000 * Number(flags.timeout);
  const party = await matching.PsiParty.open(inputs, { run, epoch, tagSecret: setSecret(epoch, terminal) });
  try {
    await peers.hub.call(
      'POST',
      '/coalition/v1/overlaps',
      JSON.stringify({ run: flags.run, peer: other.member }),
    );
    const box = new Mailbox(peers.hub, peers.identity, other.signingKey, other.member, flags.run, untilMs);
    const exchange = async <T>(step: OverlapStep, schema: z.ZodType<T>, message: T): Promise<T> => {
      await box.say(step, matching.encodeMessage(schema, message));
      return matching.decodeMessage(schema, await box.hear(step), matching.MAX_PSI_TEXT) as T;
    };
    const promise = await exchange(
      'promise',
      matching.psiPromiseSchema as z.ZodType<PsiPromise>,
      party.promise,
    );
    const masked = await exchange(
      'masked',
      matching.psiMaskedSchema as z.ZodType<PsiMasked>,
      party.reveal(promise),
    );
    const remasked = await exchange(
      'remasked',
      matching.psiRemaskedSchema as z.ZodType<PsiRemasked>,
      await party.remask(masked),
    );
    const count = party.count(remasked);
    const theirs = await exchange('count', z.strictObject({ count: z.int().min(0) }), { count });
    if (theirs.count !== count)
      throw new PhalanxError('COALITION_PROOF', `this side counts ${count}, the other ${theirs.count}`, {
        advice: 'One of the two did not follow the protocol: have both audited.',
      });
    terminal.out(`${JSON.stringify({ common: count, own: inputs.length, peer: other.member })}\n`);
    return ExitCode.OK;
  } finally {
    party.close();
    peers.close();
  }
}

/** Signed messages of one run. */
class Mailbox {
  readonly #hub: PeerClient;
  readonly #own: CoalitionIdentity;
  readonly #otherKey: string;
  readonly #other: string;
  readonly #run: string;
  readonly #untilMs: number;

  constructor(
    hub: PeerClient,
    own: CoalitionIdentity,
    otherKey: string,
    other: string,
    run: string,
    untilMs: number,
  ) {
    this.#hub = hub;
    this.#own = own;
    this.#otherKey = otherKey;
    this.#other = other;
    this.#run = run;
    this.#untilMs = untilMs;
  }

  async say(step: OverlapStep, body: string): Promise<void> {
    const bytes = this.#signedBytes(this.#own.member, this.#other, step, body);
    const message = JSON.stringify({ body, signature: toBase64(sign(null, bytes, this.#own.signingKey)) });
    await this.#retry(async () => {
      await this.#hub.call('PUT', `/coalition/v1/overlaps/${this.#run}/${step}`, JSON.stringify({ message }));
      return true;
    });
  }

  async hear(step: OverlapStep): Promise<string> {
    const message = await this.#retry(async () => {
      const answer = await this.#hub.call('GET', `/coalition/v1/overlaps/${this.#run}/${step}`);
      return answer.status === 204 ? null : ((await answer.json()) as { message: string }).message;
    });
    const said = saidSchema.parse(JSON.parse(message));
    const key = createPublicKey({
      key: Buffer.concat([SPKI, fromBase64(this.#otherKey)]),
      format: 'der',
      type: 'spki',
    });
    const bytes = this.#signedBytes(this.#other, this.#own.member, step, said.body);
    if (!verify(null, bytes, key, fromBase64(said.signature)))
      throw new PhalanxError('COALITION_PROOF', `${step} is not signed by ${this.#other}`, {
        advice: 'Compare its public file with it; the hub may have changed the message.',
      });
    return said.body;
  }

  /** Until there is something, and as long as the other has not come as far. */
  async #retry<T>(act: () => Promise<T | null>): Promise<T> {
    for (;;) {
      const result = await act().catch((error) => {
        if (PhalanxError.is(error) && (error.retryable || / the other has not said /.test(error.message)))
          return null;
        throw error;
      });
      if (result !== null) return result;
      if (Date.now() > this.#untilMs)
        throw new PhalanxError('COALITION_LIMIT', `${this.#other} does not answer`, {
          advice: 'Begin again at a time that both agreed on.',
        });
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #signedBytes(from: string, to: string, step: OverlapStep, body: string): Uint8Array {
    const digest = createHash('sha256').update(body).digest('hex');
    return concatBytes([LABEL, utf8(canonicalJson({ run: this.#run, from, to, step, digest }))]);
  }
}

function usageError(message: string, advice: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', message, { advice });
}
