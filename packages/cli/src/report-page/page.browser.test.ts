import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReportPage } from './page.js';
import { makeSampleReport } from './sample-report.test.fixture.js';

// The binary's own flags put everything into one process, which ends with the first page that is closed.
const FLAGS = ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'];

// A real Chromium from npm. Outside its usual host it unpacks the system libraries it needs only when told so.
let browser: Browser;
let folder: string;
let address: string;

beforeAll(async () => {
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs20.x';
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs20.x';
  const { default: binary } = await import('@sparticuz/chromium');
  browser = await chromium.launch({
    executablePath: await binary.executablePath(),
    args: FLAGS,
    headless: true,
  });
  folder = mkdtempSync(join(tmpdir(), 'phalanx-page-'));
  const path = join(folder, 'report.html');
  writeFileSync(path, renderReportPage(makeSampleReport()));
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

describe('the report page in Chromium', () => {
  it('is silent: no console message, no request, no script from the data', async () => {
    const heard: string[] = [];
    const page = await openPage({ viewport: { width: 1280, height: 900 } }, heard);
    await page.evaluate(`document.querySelectorAll('details').forEach((part) => { part.open = true; })`);
    expect(heard).toEqual([]);
    expect(await page.title()).toContain('Phalanx detection report');
    expect(await page.evaluate(`document.querySelectorAll('img, script[src], iframe, link').length`)).toBe(0);
    await page.close();
  });

  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [380, 1280])
      it(`fits ${width} px in the ${colorScheme} scheme, closed and open`, async () => {
        const page = await openPage({ viewport: { width, height: 900 }, colorScheme });
        const shots = process.env.PHALANX_SCREENSHOTS;
        if (shots)
          await page.screenshot({ path: join(shots, `page-${width}-${colorScheme}.png`), fullPage: true });
        expect(await page.evaluate(OVERFLOWING)).toEqual([]);
        await page.evaluate(`document.querySelectorAll('details').forEach((part) => { part.open = true; })`);
        if (shots)
          await page.screenshot({ path: join(shots, `open-${width}-${colorScheme}.png`), fullPage: true });
        expect(await page.evaluate(OVERFLOWING)).toEqual([]);
        expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
        await page.close();
      });

  it('has landmarks, one h1, no skipped heading level, unique ids, named graphics and a table for every chart', async () => {
    const page = await openPage({ viewport: { width: 1280, height: 900 } });
    expect(await page.evaluate(STRUCTURE_PROBLEMS)).toEqual([]);
    await page.close();
  });

  it('can be used with the keyboard, and filters accounts', async () => {
    const page = await openPage({ viewport: { width: 1280, height: 900 } });
    await page.keyboard.press('Tab');
    expect(await page.evaluate(`document.activeElement.className`)).toBe('skip');
    await page.locator('#finding-1 .members summary').focus();
    await page.keyboard.press('Enter');
    await page.locator('#finding-1-filter').fill('onmouseover');
    expect(await page.locator('#finding-1-members tbody tr:visible').count()).toBe(1);
    await page.locator('#finding-1-filter').fill('');
    expect(await page.locator('#finding-1-members tbody tr:visible').count()).toBe(41);
    await page.close();
  });

  it('shows the same text without JavaScript', async () => {
    const page = await openPage({ viewport: { width: 1280, height: 900 }, javaScriptEnabled: false });
    const text = (await page.locator('main').textContent()) ?? '';
    for (const part of ['41 accounts that claim to be strangers act as one', 'How sure is this', '700 more'])
      expect(text).toContain(part);
    expect(await page.locator('.filter:visible').count()).toBe(0);
    await page.close();
  });

  it('prints', async () => {
    const page = await openPage({ viewport: { width: 1280, height: 900 } });
    const pdf = await page.pdf({ format: 'A4' });
    if (process.env.PHALANX_SCREENSHOTS)
      writeFileSync(join(process.env.PHALANX_SCREENSHOTS, 'page.pdf'), pdf);
    expect(pdf.subarray(0, 5).toString('latin1')).toBe('%PDF-');
    await page.close();
  });
});

// Run inside the page, as text: this package is compiled without the browser's types.

const OVERFLOWING = `(() => {
  const width = document.documentElement.clientWidth;
  const bad = document.documentElement.scrollWidth > width ? ['document ' + document.documentElement.scrollWidth] : [];
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('.scroll') || element.closest('.skip') || element.closest('defs')) continue;
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.right > width + 1 || box.left < -1)) bad.push(element.tagName + '.' + (element.getAttribute('class') ?? '') + ' ' + box.left + '..' + box.right);
  }
  return bad.slice(0, 5);
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
    if (['SCRIPT', 'STYLE', 'title'].includes(element.tagName)) continue;
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
  for (const link of document.querySelectorAll('a')) {
    if (!link.textContent.trim()) bad.push('empty link');
    if (!document.getElementById(link.getAttribute('href').slice(1))) bad.push('dead link ' + link.getAttribute('href'));
  }
  for (const element of document.querySelectorAll('[aria-labelledby]'))
    if (!document.getElementById(element.getAttribute('aria-labelledby'))) bad.push('aria-labelledby');
  for (const chart of document.querySelectorAll('svg')) {
    if (chart.getAttribute('role') !== 'img' || !chart.getAttribute('aria-label')) bad.push('unnamed svg');
    if (!chart.closest('figure')?.querySelector('table caption')) bad.push('chart without table');
  }
  for (const cell of document.querySelectorAll('th')) if (!cell.getAttribute('scope')) bad.push('th without scope');
  for (const input of document.querySelectorAll('input'))
    if (!document.querySelector('label[for="' + input.id + '"]')) bad.push('input without label');
  return bad;
})()`;
