import { fromUtf8, utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.js';
import { formatEquivocation, parseEquivocation, provesEquivocation } from './equivocation.js';
import { auditLog } from './log-monitor.js';
import { type HttpHandler, makeLogHandler, type ServedLog } from './log-server.js';
import { makeNoteSigner } from './note-signer.js';
import {
  logKey,
  logVerifier,
  makeEntries,
  makePolicy,
  ORIGIN,
  openLog,
  withListener,
} from './served-log.test.support.js';
import { parseNote, signNote } from './signed-note.js';
import { TileClient } from './tile-client.js';
import type { TransparencyLog } from './transparency-log.js';

const policy = makePolicy();

async function logOf(...parts: Uint8Array[][]): Promise<TransparencyLog> {
  const log = await openLog();
  for (const part of parts) log.append(part);
  await log.publish();
  return log;
}

/** Audits whatever the handler serves. */
const audit = (handler: HttpHandler, last: Uint8Array | null, more = {}) =>
  withListener(handler, ({ url }) => auditLog({ client: new TileClient(url, 2000), policy, last, ...more }));

const refusal = (code: string) => expect.objectContaining({ code });

describe('a monitor', () => {
  it('reads every entry once, and sees that each tree continues the last', async () => {
    const log = await openLog();
    let last: Uint8Array | null = null;
    const seen: string[] = [];
    await withListener(makeLogHandler(log), async ({ url }) => {
      const client = new TileClient(url);
      for (const n of [0, 1, 255, 1, 300, 0, 700]) {
        log.append(makeEntries(n, log.size));
        await log.publish();
        const before: number = seen.length;
        const found = await auditLog({
          client,
          policy,
          last,
          onEntries: (first, entries) => {
            expect(first).toBe(seen.length);
            seen.push(...entries.map(fromUtf8));
          },
        });
        expect([found.kind, found.newEntries]).toEqual(['whole', log.size - before]);
        last = found.signed.note;
      }
    });
    expect(seen).toEqual(makeEntries(1257).map(fromUtf8));
  });

  it('takes the full tile when the partial one is gone', async () => {
    const log = await logOf(makeEntries(300));
    const old = log.served!;
    log.append(makeEntries(300, 300));
    await log.publish();
    const serve = makeLogHandler(log);
    const found = await audit(async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === '/checkpoint') return new Response(old.note);
      return pathname.includes('.p/') && !pathname.startsWith('/tile/1/')
        ? new Response(null, { status: 404 })
        : serve(request);
    }, null);
    expect([found.kind, found.newEntries]).toEqual(['whole', 300]);
  });

  it('proves a fork to whoever has the key of the log', async () => {
    for (const [mine, yours] of [
      [300, 300],
      [300, 700],
      [700, 300],
      [1, 2],
      [256, 512],
    ] as const) {
      const seen = await logOf(makeEntries(mine));
      const shown = await openLog();
      shown.append(makeEntries(Math.floor(Math.min(mine, yours) / 2)));
      shown.append(makeEntries(yours - shown.size, 0, 'other'));
      await shown.publish();
      const tiles = mine > yours ? seen : shown;
      const serve = makeLogHandler(tiles);
      const found = await audit(
        async (request) =>
          new URL(request.url).pathname === '/checkpoint' ? new Response(shown.served!.note) : serve(request),
        seen.served!.note,
      );
      expect(found.kind, `${mine} ${yours}`).toBe('fork');
      const file = formatEquivocation(found.equivocation!);
      const read = parseEquivocation(file);
      expect(provesEquivocation(read, [logVerifier])).toBe(true);
      // Any other note instead of one of the two, and the file proves nothing.
      const [small, large] = read.notes;
      expect(provesEquivocation({ ...read, notes: [small, small] }, [logVerifier])).toBe(false);
      expect(provesEquivocation({ ...read, notes: [large, large] }, [logVerifier])).toBe(false);
      if (read.prefix !== null) {
        const prefix = {
          ...read.prefix,
          root: read.prefix.root.map((byte, i) => (i === 3 ? byte ^ 1 : byte)),
        };
        expect(provesEquivocation({ ...read, prefix }, [logVerifier])).toBe(false);
        expect(provesEquivocation({ ...read, prefix: null }, [logVerifier])).toBe(false);
      }
    }
  });

  it('does not call it a fork when a log shows an older checkpoint', async () => {
    const log = await logOf(makeEntries(300));
    const old = log.served!.note;
    log.append(makeEntries(300, 300));
    await log.publish();
    const serve = makeLogHandler(log);
    const stale: HttpHandler = async (request) =>
      new URL(request.url).pathname === '/checkpoint' ? new Response(old) : serve(request);
    const found = await audit(stale, log.served!.note);
    expect([found.kind, found.signed.checkpoint.size]).toEqual(['behind', 300]);
  });

  it('refuses what does not fit, whatever part of it is false', async () => {
    const log = await logOf(makeEntries(700));
    const last = (await logOf(makeEntries(300))).served!.note;
    const serve = makeLogHandler(log);
    const bent =
      (match: RegExp, bend: (bytes: Uint8Array) => Uint8Array | null): HttpHandler =>
      async (request) => {
        // A request of its own takes no gzip.
        const answer = await serve(new Request(request.url));
        if (!match.test(new URL(request.url).pathname)) return answer;
        const bytes = bend(new Uint8Array(await answer.arrayBuffer()));
        return new Response(bytes, { status: bytes === null ? 404 : 200 });
      };
    const flip = (bytes: Uint8Array): Uint8Array =>
      bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));
    const plain = /.*/;
    expect(
      (
        await audit(
          bent(plain, (bytes) => bytes),
          last,
        )
      ).kind,
    ).toBe('whole');
    for (const before of [null, last]) {
      await expect(audit(bent(/entries/, flip), before)).rejects.toThrow(refusal('LEDGER_UNPROVED'));
      await expect(
        audit(
          bent(/entries/, (bytes) => bytes.slice(1)),
          before,
        ),
      ).rejects.toThrow(refusal('LEDGER_TILE'));
      await expect(
        audit(
          bent(/entries/, () => null),
          before,
        ),
      ).rejects.toThrow(refusal('LEDGER_UNPROVED'));
      await expect(audit(bent(/checkpoint/, flip), before)).rejects.toThrow();
      await expect(
        audit(
          bent(/entries/, (bytes) => Buffer.concat([bytes, bytes])),
          before,
        ),
      ).rejects.toThrow();
    }
    await expect(audit(bent(/tile\/0/, flip), last)).rejects.toThrow(refusal('LEDGER_UNPROVED'));
    await expect(
      audit(
        bent(/tile\/0/, (bytes) => bytes.slice(32)),
        last,
      ),
    ).rejects.toThrow(refusal('LEDGER_TILE'));
    await expect(
      audit(
        bent(/tile\/0/, () => null),
        last,
      ),
    ).rejects.toThrow(refusal('LEDGER_UNPROVED'));
    await expect(
      audit(
        bent(/tile\/0/, (b) => Buffer.concat([b, b, b])),
        last,
      ),
    ).rejects.toThrow(refusal('LEDGER_REMOTE'));
    await expect(audit(serve, null, { maxEntries: 699 })).rejects.toThrow(refusal('LEDGER_UNPROVED'));
  });

  it('does not call a log whole whose operator signs another tree than it serves', async () => {
    const log = await logOf(makeEntries(700));
    const text = formatCheckpoint({
      origin: ORIGIN,
      size: 700,
      root: parseCheckpoint(parseNote((await logOf(makeEntries(699), makeEntries(1))).served!.note).text)
        .root,
      extensions: [],
    });
    const note = await signNote(text, [makeNoteSigner(ORIGIN, logKey)]);
    const lying: ServedLog = {
      served: { note, checkpoint: parseCheckpoint(text) },
      readTile: (tile) => log.readTile(tile),
    };
    for (const last of [null, (await logOf(makeEntries(300))).served!.note])
      await expect(audit(makeLogHandler(lying), last)).rejects.toThrow(refusal('LEDGER_UNPROVED'));
  });

  it('says so when there is no answer, or one without end', async () => {
    const last = (await logOf(makeEntries(3))).served!.note;
    await expect(audit(async () => new Response(null, { status: 500 }), last)).rejects.toThrow(
      refusal('LEDGER_REMOTE'),
    );
    await expect(audit(async () => new Response(null, { status: 404 }), last)).rejects.toThrow(
      refusal('LEDGER_REMOTE'),
    );
    await expect(audit(async () => new Response(utf8('x'.repeat(1_000_001))), last)).rejects.toThrow(
      refusal('LEDGER_REMOTE'),
    );
  });
});
