import { describe, expect, it } from 'vitest';
import { BUILT_IN_ATTACK_SOURCES, buildBuiltInSources } from './built-in-grammar.js';
import { measureNearRepeats } from './near-repeat.js';

const sources = buildBuiltInSources({ size: 3000 });

describe('built-in sources', () => {
  it('are distinct prompts where real lists are, and repeat where people do', () => {
    for (const source of sources) {
      const distinct = new Set(source.texts).size / source.size;
      expect(distinct, source.name).toBeGreaterThan(source.side === 'attack' ? 0.995 : 0.9);
    }
    const rate = (name: string) => measureNearRepeats(sources.find((s) => s.name === name)!.texts).rate;
    for (const name of ['instruction-synthesis', 'curated-question']) expect(rate(name)).toBeLessThan(1e-5);
    for (const name of ['chat', 'support-question']) {
      expect(rate(name)).toBeGreaterThan(2e-5);
      expect(rate(name)).toBeLessThan(3e-4);
    }
  });

  it('leave no slot unfilled and follow the seed', () => {
    for (const source of sources)
      for (const text of source.texts) expect(text).not.toMatch(/\{[a-z_]+\}|\{\d+-\d+\}|undefined/i);
    const [again, other] = ['built-in', 'x'].map(
      (seed) => buildBuiltInSources({ names: ['chat'], size: 200, seed })[0]!,
    );
    expect(again!.texts).toEqual(sources.find((s) => s.name === 'chat')!.texts.slice(0, 200));
    expect(other!.texts).not.toEqual(again!.texts);
  });

  it('make 100,000 distinct prompts', () => {
    const seen = new Set<string>();
    for (const source of sources) for (let i = 0; i < 6500; i++) seen.add(source.text(i));
    expect(seen.size).toBeGreaterThan(100_000);
  });

  it('refuses what it cannot make', () => {
    expect(() => buildBuiltInSources({ names: ['nothing'] })).toThrowError(/no built-in prompt source/);
    expect(BUILT_IN_ATTACK_SOURCES).toHaveLength(7);
  });
});
