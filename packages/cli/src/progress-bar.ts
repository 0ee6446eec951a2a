import { formatDuration } from './figures.js';
import type { Terminal } from './terminal.js';

/** A bar on one line of the screen. On anything but a screen it writes nothing. */
export interface ProgressBar {
  /** `share` in [0, 1], null when unknown; `label` follows the bar; `remainingSeconds` null when unknown. */
  show(share: number | null, label: string, remainingSeconds?: number | null): void;
  /** Takes the line away. */
  clear(): void;
}

const CELLS = 24;
/** Ten frames a second read as motion; more would only cost. */
const INTERVAL_MS = 100;

/** Opens a progress bar on `terminal.talk`. `nowMs` is a monotonic clock in milliseconds. */
export function openProgressBar(
  terminal: Pick<Terminal, 'talk' | 'talkIsScreen' | 'columns'>,
  nowMs: () => number = () => performance.now(),
): ProgressBar {
  let shownMs = Number.NEGATIVE_INFINITY;
  let visible = false;
  return {
    show(share, label, remainingSeconds = null) {
      if (!terminal.talkIsScreen || (nowMs() - shownMs < INTERVAL_MS && share !== 1)) return;
      shownMs = nowMs();
      visible = true;
      terminal.talk(`\r\u001B[2K${drawBar(share, label, remainingSeconds, terminal.columns)}`);
    },
    clear() {
      if (visible) terminal.talk('\r\u001B[2K');
      visible = false;
    },
  };
}

/** The bar's text, cut to `columns` - 1 characters so that it never wraps. */
export function drawBar(
  share: number | null,
  label: string,
  remainingSeconds: number | null,
  columns: number,
): string {
  const full = share === null ? 0 : Math.round(Math.min(1, Math.max(0, share)) * CELLS);
  const bar = `${'━'.repeat(full)}${'╌'.repeat(CELLS - full)}`;
  const percent = share === null ? '   ?' : `${String(Math.floor(Math.min(1, share) * 100)).padStart(3)}%`;
  const left = remainingSeconds === null ? '' : `, ${formatDuration(remainingSeconds * 1000)} left`;
  return `${bar} ${percent}  ${label}${left}`.slice(0, Math.max(1, columns - 1));
}
