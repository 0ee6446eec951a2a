import { AttributionReport } from '@phalanx/domain';
import { createSketcher } from '@phalanx/sketch';
import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { ArrayResponses } from './array-responses.js';
import { attributeDataset } from './attribute-dataset.js';
import type { AttributionOptions } from './options.js';
import { makeProse, type Provider, simulateProvider, toRows } from './provider.test.support.js';

const sketcher = createSketcher(new Uint8Array(32).fill(3));
const decoySketcher = createSketcher(new Uint8Array(32).fill(4));

/** 40 accounts of 100 answers each, every tenth one a refusal that all received. */
const provider = simulateProvider(sketcher, 40, 100);

async function attribute(
  { records, names }: Provider,
  texts: readonly string[],
  options: Partial<AttributionOptions> = {},
  more: { control?: readonly string[]; groups?: { id: string; accountIds: string[] }[] } = {},
) {
  const report = await attributeDataset(
    new ArrayResponses(records, names),
    {
      sources: ['rows.jsonl'],
      rows: toRows(texts),
      ...(more.control !== undefined && { control: toRows(more.control) }),
      ...(more.groups !== undefined && { groups: more.groups }),
      sketcher,
      decoySketcher,
    },
    options,
  );
  return AttributionReport.parse({ ...report, files: [] });
}

const foreign = (count: number, seed = 9) =>
  Array.from({ length: count }, (_, i) => makeProse(`foreign ${seed} ${i}`, 90));

const withVerdict = ({ accounts }: { accounts: AttributionReport['accounts'] }, wanted: string) =>
  accounts.filter(({ verdict }) => verdict === wanted).map(({ id }) => id);

describe('attributeDataset', () => {
  it('names the one account whose answers were taken, and counts them', async () => {
    const taken = provider.answers.filter(({ account }) => account === 'acct-7').map(({ text }) => text);
    const report = await attribute(provider, [...taken, ...foreign(200)]);
    expect(withVerdict(report, 'indicated')).toEqual(['acct-7']);
    expect(withVerdict(report, 'named')).toEqual([]);
    const [first] = report.accounts;
    // 100 answers, ten of them the refusal.
    expect(first).toMatchObject({ id: 'acct-7', items: 90, rows: 90, exchanges: 90, received: 100 });
    expect(report.rows).toMatchObject({ total: 300, exact: 100, exclusive: 90, common: 10 });
    expect(first!.log10Adjusted).toBeLessThan(-10);
  });

  it('names nobody in a data set that took answers without regard to the account', async () => {
    const random = new Random(5);
    const taken = provider.answers.filter(() => random.bernoulli(0.1)).map(({ text }) => text);
    const report = await attribute(provider, taken);
    expect(report.rows.matched).toBe(taken.length);
    expect(report.items.exclusive).toBeGreaterThan(300);
    expect(report.accounts.filter(({ verdict }) => verdict !== 'none')).toEqual([]);
  });

  it('finds nothing in foreign text', async () => {
    const report = await attribute(provider, foreign(2000));
    expect(report.rows.matched).toBe(0);
    expect(report.accounts).toEqual([]);
    expect(report.nulls.decoy.matched).toBe(0);
  });

  it('takes a refusal that everybody received for no evidence', async () => {
    const report = await attribute(
      provider,
      Array.from({ length: 50 }, () => provider.refusal),
    );
    expect(report.rows).toMatchObject({ matched: 50, common: 50, exclusive: 0 });
    expect(report.accounts).toEqual([]);
  });

  it('shares out what several accounts received, and counts it for none', async () => {
    const { records, names } = provider;
    const text = makeProse('told twice', 80);
    const both = ['acct-1', 'acct-2'].map((id, i) => provider.record(text, id, `twice ${i}`));
    const report = await attribute({ ...provider, records: [...records, ...both], names }, [text]);
    expect(report.items).toEqual({ exclusive: 0, shared: 1, common: 0 });
    expect(
      report.accounts.map(({ id, items, sharedItems, sharedParts }) => [id, items, sharedItems, sharedParts]),
    ).toEqual([
      ['acct-1', 0, 1, 0.5],
      ['acct-2', 0, 1, 0.5],
    ]);
  });

  it('counts a text that stands in the data set often, or was received often, once', async () => {
    const text = makeProse('asked again and again', 80);
    const again = Array.from({ length: 5 }, (_, i) => provider.record(text, 'acct-3', `again ${i}`));
    const report = await attribute({ ...provider, records: [...provider.records, ...again] }, [
      text,
      text,
      `${text} Yes.`,
    ]);
    expect(report.accounts).toHaveLength(1);
    expect(report.accounts[0]).toMatchObject({ id: 'acct-3', items: 1, rows: 3, exchanges: 5 });
  });

  it('does not name an account for what a control holds as well', async () => {
    const of = (id: string) =>
      provider.answers.filter(({ account }) => account === id).map(({ text }) => text);
    const taken = of('acct-9');
    const half = (odd: number) => taken.filter((_, i) => i % 2 === odd);
    const named = async (control: string[]) =>
      (await attribute(provider, [...half(0), ...foreign(100, 1)], {}, { control })).accounts.filter(
        ({ verdict }) => verdict === 'named',
      );
    expect(await named(foreign(150, 2))).toHaveLength(1);
    expect(await named([...half(1), ...foreign(100, 2)])).toHaveLength(0);
  });

  it('does not name an account for what it received after the data set was out', async () => {
    const taken = provider.answers.filter(({ account }) => account === 'acct-5').map(({ text }) => text);
    const { startMs, endMs } = provider;
    const late = await attribute(provider, taken, { publishedMs: startMs + 1000 });
    expect(late.accounts.filter(({ verdict }) => verdict !== 'none')).toEqual([]);
    expect(late.nulls.publication!.itemsAfter).toBeGreaterThan(80);
    const early = await attribute(provider, taken, { publishedMs: endMs - 1000 });
    // Nearly everything was given before: the time says nothing, and nobody is named on its account.
    expect(early.nulls.publication!.log10P).toBeGreaterThan(-2);
  });

  it('judges accounts that a finding names together as one', async () => {
    const pool = ['acct-11', 'acct-12', 'acct-13', 'acct-14'];
    const taken = provider.answers.filter(
      ({ account, text }, i) => pool.includes(account) && text !== provider.refusal && i % 12 === 1,
    );
    const shared = makeProse('told to two of the pool', 80);
    const both = pool.slice(0, 2).map((id, i) => provider.record(shared, id, `pool ${i}`));
    const texts = [...taken.map(({ text }) => text), shared, ...foreign(100)];
    const groups = [{ id: 'finding-1', accountIds: [...pool, 'gone'] }];
    const report = await attribute(
      { ...provider, records: [...provider.records, ...both] },
      texts,
      {},
      { groups },
    );
    expect(report.campaigns[0]).toMatchObject({
      id: 'finding-1',
      items: taken.length + 1,
      verdict: 'indicated',
      sharedItems: 0,
    });
  });

  it('says where a match stands, what of it agrees and which exchanges gave it', async () => {
    const { text } = provider.answers[57]!;
    const report = await attribute(provider, ['too short', `Assistant: "${text}"`]);
    expect(report.rows.tooShort).toBe(1);
    expect(report.matches).toHaveLength(1);
    expect(report.matches[0]).toMatchObject({
      file: 'rows.jsonl',
      row: 2,
      exact: true,
      form: 'unwrapped',
      lanes: 32,
    });
    expect(report.matches[0]!.exchanges).toHaveLength(1);
  });

  it('refuses options out of range', async () => {
    for (const options of [
      { alpha: 0 },
      { overlap: 0.5 },
      { minBytes: 1 },
      { windowScales: 9 },
      { probes: -1 },
    ])
      await expect(attribute(provider, [], options)).rejects.toMatchObject({ code: 'ATTRIBUTION_OPTIONS' });
  });
});
