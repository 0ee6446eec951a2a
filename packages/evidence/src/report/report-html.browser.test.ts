import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReportHtml } from './report-html.js';
import { makeSampleCaseFile } from './sample-case-file.test.support.js';

// The binary's own flags put everything into one process, which ends with the first page that is closed.
const FLAGS = ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'];
/** Width of A4 less the margins of the print style sheet, in CSS pixels. */
const PAPER = 673;
const SHOT_HEIGHT = 2400;

let browser: Browser;
let folder: string;
let address: string;

beforeAll(async () => {
  // Outside its usual host the package unpacks the system libraries it needs only when told so.
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs20.x';
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs20.x';
  const { default: binary } = await import('@sparticuz/chromium');
  browser = await chromium.launch({
    executablePath: await binary.executablePath(),
    args: FLAGS,
    headless: true,
  });
  folder = mkdtempSync(join(tmpdir(), 'phalanx-evidence-'));
  const path = join(folder, 'report.html');
  writeFileSync(path, renderReportHtml(makeSampleCaseFile()));
  address = pathToFileURL(path).href;
}, 120_000);

afterAll(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true });
});

async function openPage(options: Parameters<Browser['newPage']>[0], heard: string[] = []): Promise<Page> {
  const page = await browser.newPage(options);
  page.on('console', (message) => heard.push(message.text()));
  page.on('pageerror', (error) => heard.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== address) heard.push(`requested ${request.url()}`);
  });
  await page.goto(address);
  return page;
}

async function shoot(page: Page, name: string): Promise<void> {
  const shots = process.env.PHALANX_SCREENSHOTS;
  if (!shots) return;
  // Chromium takes no picture of a page as long as this one.
  const { width, height } = (await page.evaluate(
    `({ width: document.documentElement.clientWidth, height: document.documentElement.scrollHeight })`,
  )) as { width: number; height: number };
  for (let y = 0, part = 1; y < height; y += SHOT_HEIGHT, part++)
    await page.screenshot({
      path: join(shots, `evidence-${name}-${part}.png`),
      fullPage: true,
      clip: { x: 0, y, width, height: Math.min(SHOT_HEIGHT, height - y) },
    });
}

describe('the report page in Chromium', () => {
  it('is silent: no console message, no request', async () => {
    const heard: string[] = [];
    const page = await openPage({ viewport: { width: 1280, height: 900 } }, heard);
    expect(heard).toEqual([]);
    expect(await page.title()).toBe('Evidence report, case 2026-0017');
    await page.close();
  });

  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [380, 1280])
      it(`fits ${width} px in the ${colorScheme} scheme, closed and open`, async () => {
        const page = await openPage({ viewport: { width, height: 900 }, colorScheme });
        await shoot(page, `${width}-${colorScheme}`);
        expect(await page.evaluate(OVERFLOWING)).toEqual([]);
        await page.evaluate(`document.querySelectorAll('details').forEach((part) => { part.open = true; })`);
        expect(await page.evaluate(OVERFLOWING)).toEqual([]);
        expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
        await page.close();
      });

  it('fits paper, tables included', async () => {
    const page = await openPage({ viewport: { width: PAPER, height: 900 } });
    await page.emulateMedia({ media: 'print' });
    await shoot(page, 'print');
    expect(await page.evaluate(OVERFLOWING.replace('.scroll', '.nothing'))).toEqual([]);
    const pdf = await page.pdf({ format: 'A4' });
    if (process.env.PHALANX_SCREENSHOTS)
      writeFileSync(join(process.env.PHALANX_SCREENSHOTS, 'evidence-print.pdf'), pdf);
    expect(pdf.subarray(0, 5).toString('latin1')).toBe('%PDF-');
    await page.close();
  });

  it('has landmarks, one h1, no skipped heading level, unique ids, named graphics and a table for every chart', async () => {
    const page = await openPage({ viewport: { width: 1280, height: 900 } });
    expect(await page.evaluate(STRUCTURE_PROBLEMS)).toEqual([]);
    await page.close();
  });

  it('draws no two words of a picture over one another', async () => {
    const page = await openPage({ viewport: { width: 1280, height: 900 } });
    expect(await page.evaluate(COLLISIONS)).toEqual([]);
    await page.setViewportSize({ width: 380, height: 900 });
    expect(await page.evaluate(COLLISIONS)).toEqual([]);
    await page.close();
  });
});

// Run inside the page, as text: this package is compiled without the browser's types.

const OVERFLOWING = `(() => {
  const width = document.documentElement.clientWidth;
  const bad = document.documentElement.scrollWidth > width ? ['document ' + document.documentElement.scrollWidth] : [];
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('.scroll') || element.closest('.skip')) continue;
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.right > width + 1 || box.left < -1)) bad.push(element.tagName + '.' + (element.getAttribute('class') ?? '') + ' ' + box.left + '..' + box.right + ' ' + element.textContent.slice(0, 40));
  }
  return bad.slice(0, 5);
})()`;

const COLLISIONS = `(() => {
  const bad = [];
  for (const chart of document.querySelectorAll('svg')) {
    const words = [...chart.querySelectorAll('text')].map((element) => [element.textContent, element.getBoundingClientRect()]).filter(([, box]) => box.width > 0);
    for (const [i, [a, p]] of words.entries())
      for (const [b, q] of words.slice(i + 1))
        if (p.left < q.right && q.left < p.right && p.top + 3 < q.bottom && q.top + 3 < p.bottom) bad.push(a + ' | ' + b);
  }
  return bad;
})()`;

const LOW_CONTRAST = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const bad = new Set();
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const style = getComputedStyle(element);
    const ink = parse(element instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.add(element.tagName + '.' + (element.getAttribute('class') ?? '') + ' ' + ratio.toFixed(2));
  }
  return [...bad];
})()`;

const STRUCTURE_PROBLEMS = `(() => {
  const bad = [];
  for (const landmark of ['header', 'nav', 'main', 'footer'])
    if (document.querySelectorAll('body ' + landmark).length !== 1) bad.push('landmark ' + landmark);
  if (!document.documentElement.lang) bad.push('lang');
  if (document.querySelectorAll('h1').length !== 1) bad.push('h1');
  let level = 0;
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) bad.push('heading ' + heading.textContent);
    level = next;
  }
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  if (new Set(ids).size !== ids.length) bad.push('duplicate id');
  for (const link of document.querySelectorAll('a'))
    if (!document.getElementById(link.getAttribute('href').slice(1))) bad.push('dead link ' + link.getAttribute('href'));
  for (const element of document.querySelectorAll('[aria-labelledby]'))
    if (!document.getElementById(element.getAttribute('aria-labelledby'))) bad.push('aria-labelledby');
  for (const chart of document.querySelectorAll('svg')) {
    if (chart.getAttribute('role') !== 'img' || !chart.getAttribute('aria-label')) bad.push('unnamed svg');
    if (!chart.closest('figure')?.querySelector('table caption')) bad.push('chart without table');
  }
  for (const cell of document.querySelectorAll('th')) if (!cell.getAttribute('scope')) bad.push('th without scope');
  return bad;
})()`;
