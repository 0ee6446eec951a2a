/** Where a command reads its surroundings and writes: data to `out`, talk to `talk`. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly talk: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether `out` and `talk` go to a person's screen. */
  readonly outIsScreen: boolean;
  readonly talkIsScreen: boolean;
  /** Width of the screen in characters. */
  readonly columns: number;
}

/** The process's own terminal. */
export function openTerminal(): Terminal {
  return {
    out: (text) => process.stdout.write(text),
    talk: (text) => process.stderr.write(text),
    env: process.env,
    outIsScreen: process.stdout.isTTY === true,
    talkIsScreen: process.stderr.isTTY === true,
    columns: process.stdout.columns ?? process.stderr.columns ?? 80,
  };
}

/** Marks text for a screen. Without colour every function returns its argument. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
}

/** Colour only on a screen, and never when `NO_COLOR` is set to anything (no-color.org) or `TERM` is `dumb`. */
export function choosePaint(terminal: Pick<Terminal, 'env' | 'outIsScreen'>): Paint {
  const plain = !terminal.outIsScreen || (terminal.env.NO_COLOR ?? '') !== '' || terminal.env.TERM === 'dumb';
  const wrap = (on: number, off: number) => (text: string) =>
    plain ? text : `\u001B[${on}m${text}\u001B[${off}m`;
  return { bold: wrap(1, 22), dim: wrap(2, 22) };
}

/**
 * Breaks text at spaces into lines of at most `width` characters, each after the first indented by `indent`; a longer
 * word stands alone. Ends with a line break.
 */
export function wrapText(text: string, width: number, first = '', indent = first): string {
  let line = first;
  let out = '';
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      out += `${line}\n`;
      line = indent;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return `${out}${line}\n`;
}
