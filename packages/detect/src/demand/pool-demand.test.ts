import { describe, expect, it } from 'vitest';
import type { Component } from './component.js';
import { demandLogE, type WatchedComponent } from './pool-demand.js';

const SIGNATURE: Component = { kind: 'signature', name: 's', parameters: 1n, systemHash: 0n };
const FORM: Component = { kind: 'form', name: 'f', family: 1, matches: () => true };

function watched(component: Component, logE: number, promising = true): WatchedComponent {
  return {
    chosen: { component, promising, share: 0.1, lambda0: 1e-5 },
    demand: { logE } as WatchedComponent['demand'],
  };
}

describe('demandLogE', () => {
  it('says nothing without a promising component', () => {
    expect(demandLogE([])).toBe(0);
    expect(demandLogE([watched(SIGNATURE, 30, false), watched(FORM, 30, false)])).toBe(0);
  });

  it('multiplies signatures, and one that fails costs a fifth', () => {
    const two = demandLogE([watched(SIGNATURE, 10), watched(SIGNATURE, 8)]);
    expect(two).toBeCloseTo(18 + 2 * Math.log(0.2), 2);
    const withFailed = demandLogE([watched(SIGNATURE, 10), watched(SIGNATURE, 8), watched(SIGNATURE, -500)]);
    expect(withFailed).toBeCloseTo(two + Math.log(0.8), 6);
  });

  it('averages what overlaps', () => {
    expect(demandLogE([watched(FORM, 10), watched(FORM, Number.NEGATIVE_INFINITY)])).toBeCloseTo(
      10 - Math.LN2,
      6,
    );
    expect(demandLogE([watched(FORM, 10), watched(SIGNATURE, 40)])).toBeCloseTo(
      40 + Math.log(0.2) - Math.LN2,
      6,
    );
  });
});
