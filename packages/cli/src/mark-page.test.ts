import { describe, expect, it } from 'vitest';
import { renderMarkPage } from './mark-page.js';

const HOSTILE = '<script>alert(1)</script>\n"&\u202e';

const page = renderMarkPage(
  {
    report: {
      schema: 'phalanx.mark-detection.v1',
      dialect: 'phalanx-gumbel',
      prf: 'p',
      keyId: '0'.repeat(32),
      model: HOSTILE,
      tokenizerSha256: '0'.repeat(64),
      null: 'nothing',
      assumption: 'something',
      masked: ['code'],
      alpha: 0.001,
      textsSha256: '0'.repeat(64),
      texts: 1,
      unread: 0,
      log10P: -12,
      scored: 3,
      repeated: 0,
      unscored: 1,
      excess: 0.5,
      decoys: { tried: 200, atMost1Percent: 90, calibrated: false },
      each: [
        {
          repaired: 0,
          log10P: -12,
          log10AdjustedP: -12,
          scored: 3,
          excess: 0.5,
          spans: [{ tokens: [1, 3], characters: [8, 20], log10P: -9, confidence: 0.9 }],
        },
      ],
    },
    read: [
      {
        text: HOSTILE,
        repairs: null,
        tokens: Int32Array.of(1, 2, 3, 4),
        starts: Uint32Array.of(0, 8, 16, 20, HOSTILE.length),
        mask: Uint8Array.of(1, 1, 1, 0),
        unread: null,
      },
    ],
    posteriors: [Float64Array.of(0.05, 0.5, 0.99, 0)],
  },
  [{ file: HOSTILE, line: 7, text: HOSTILE, labels: {} }],
);

describe('page of marks', () => {
  it('holds no markup but its own, and nothing that a reader would not see', () => {
    expect(page).not.toContain('<script');
    expect(page).not.toContain('\u202e');
    expect(page).toContain('\\u{202e}');
    expect(page).toMatch(/Content-Security-Policy" content="default-src 'none'; style-src 'sha256-/);
  });

  it('shades tokens, frames spans, greys what was left out, and warns when decoys do', () => {
    expect(page).toMatch(/<span class="p0">&lt;script&gt;<\/span><span class="p2 s">alert\(1\)/);
    expect(page).toContain('<span class="p4 s">');
    expect(page).toMatch(/<span class="x">/);
    expect(page).toContain('CAUTION: do not rely on p.');
  });
});
