import { describe, expect, it } from 'vitest';
import { buildWorld } from '../build-world.js';
import { buildBuiltInSources } from '../built-in-grammar.js';
import { RowFlag } from '../exchange-columns.js';
import { readExchange } from '../exchange-view.js';
import { TICKET_TEXTS } from '../ticket-form.js';
import type { World } from '../world.js';

const sources = buildBuiltInSources({ names: ['chat', 'support-question'], size: 800 });
const build = (count: number): World =>
  buildWorld({
    seed: 'tickets',
    days: 2,
    sources,
    ordinary: { accounts: 0, sources: [{ name: 'chat', weight: 1 }] },
    tenants: [{ kind: 'ticket-product', count, sources: ['chat', 'support-question'], requestsPerDay: 400 }],
  });

describe('ticket products', () => {
  const world = build(10);
  const { account, source, prompt, flags, system, parameters } = world.columns;
  const sent = Array.from({ length: world.size }, (_, row) => row).filter(
    (row) => (flags[row]! & RowFlag.ERROR) === 0,
  );

  it('ask again as people do, and never in the same words', () => {
    const requests = new Set(sent.map((row) => `${account[row]} ${source[row]} ${prompt[row]}`));
    const texts = new Set(sent.map((row) => world.promptText(row)));
    expect(sent.length).toBeGreaterThan(4000);
    // 2 to 3 % of requests are one of the last eight again; times of day alone are equal within a second.
    expect(requests.size / sent.length).toBeLessThan(0.99);
    expect(texts.size / sent.length).toBeGreaterThan(0.998);
  });

  it('send a failed request again with the same number', () => {
    const texts = new Map<string, number>();
    for (let row = 0; row < world.size; row++)
      texts.set(world.promptText(row), (texts.get(world.promptText(row)) ?? 0) + 1);
    const failed = world.size - sent.length;
    expect(failed).toBeGreaterThan(5);
    expect([...texts.values()].filter((n) => n > 1).length).toBeGreaterThanOrEqual(failed);
  });

  it('are one key, one instruction and one set of parameters each, with ten templates among ten', () => {
    expect(world.accounts).toHaveLength(10);
    expect(world.labels.every((label) => label.class === 'ticket-product' && !label.attacker)).toBe(true);
    expect(new Set(sent.map((row) => `${account[row]} ${system[row]} ${parameters[row]}`)).size).toBe(10);
    expect(new Set(system).size).toBe(10);
    const id = /\d{4}-\d\d-\d\dT[\d:]{8}|[A-Z]-\d{5}-[A-Z]|[\da-f]{8}-[\da-f-]{27}|[\da-f]{6,}/;
    const templates = new Map<number, Set<string>>();
    for (const row of sent) {
      const request = sources[source[row]!]!.text(prompt[row]!);
      if (request.length < 20) continue;
      const template = world.promptText(row).replace(request, '{}').replace(id, '{id}');
      templates.set(account[row]!, (templates.get(account[row]!) ?? new Set()).add(template));
    }
    const used = [...templates.values()].flatMap((own) => [...own]);
    expect(used.sort()).toEqual([...TICKET_TEXTS].sort());
  });

  it('are the same from the same seed', () => {
    const again = build(10);
    for (let row = 0; row < world.size; row += 7)
      expect(readExchange(again, row)).toEqual(readExchange(world, row));
  });
});
