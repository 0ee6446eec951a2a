import type { Terminal } from './terminal.js';

/** Takes what is said and shows it to nobody. */
export const SILENT: Terminal = {
  out: () => undefined,
  talk: () => undefined,
  env: {},
  outIsScreen: false,
  talkIsScreen: false,
  columns: 80,
};
