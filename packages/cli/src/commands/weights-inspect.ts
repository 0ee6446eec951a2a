import { PhalanxError, shortenText, showInvisible } from '@phalanx/core';
import type { Tensor, WeightFile } from '@phalanx/weights';
import { ExitCode } from '../cli-error.js';
import { formatCount, formatPlural } from '../figures.js';
import type { Terminal } from '../terminal.js';

export interface InspectWeightsFlags {
  readonly tensors?: boolean;
  readonly json?: boolean;
}

/** Codes that are a verdict on the file, and not a failure to read it. */
const VERDICTS: Readonly<Record<string, string>> = {
  WEIGHTS_EXECUTABLE: 'executable',
  WEIGHTS_FORMAT: 'refused',
  WEIGHTS_LIMIT: 'refused',
};
const SHOWN_METADATA = 40;

/**
 * `phalanx weights inspect`: container, tensors and metadata of a file, a folder or an address, out of headers alone. Exit 1 with the
 * verdict `executable` for a pickle that would run code in whoever loads it, `refused` for a file that is not what its format demands.
 * `PHALANX_WEIGHTS_TOKEN` is sent as bearer token to the origin of an address.
 *
 * @throws PhalanxError `WEIGHTS_SOURCE`, `WEIGHTS_ARGUMENT`
 */
export async function inspectWeightsCommand(
  location: string,
  flags: InspectWeightsFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { openWeights } = await import('@phalanx/weights');
  const token = terminal.env.PHALANX_WEIGHTS_TOKEN;
  let file: WeightFile;
  try {
    file = await openWeights(location, token ? { headers: { authorization: `Bearer ${token}` } } : {});
  } catch (error) {
    const verdict = PhalanxError.is(error) ? VERDICTS[error.code] : undefined;
    if (!PhalanxError.is(error) || verdict === undefined) throw error;
    if (flags.json) terminal.out(`${JSON.stringify({ verdict, code: error.code, reason: error.message })}\n`);
    else terminal.out(`${verdict}  ${shortenText(error.message, 300)} (${error.code})\n`);
    return ExitCode.FOUND;
  }
  try {
    const { countNumbers } = await import('@phalanx/weights');
    const summary = summarise(file, countNumbers);
    if (flags.json) {
      const tensors = [...file.tensors.values()].map(({ name, format, shape, sizeBytes, strides }) => ({
        name,
        format,
        shape,
        sizeBytes,
        ...(strides !== undefined && { strides }),
      }));
      const metadata = Object.fromEntries(file.metadata);
      const all = { verdict: 'readable', ...summary, metadata, ...(flags.tensors && { list: tensors }) };
      terminal.out(`${JSON.stringify(all)}\n`);
    } else {
      printSummary(summary, file.metadata, terminal);
      if (flags.tensors)
        for (const tensor of file.tensors.values()) terminal.out(`${describeTensor(tensor)}\n`);
    }
    return ExitCode.OK;
  } finally {
    await file.close();
  }
}

interface FormatSummary {
  readonly format: string;
  tensors: number;
  numbers: number;
  bytes: number;
}

interface Summary {
  readonly container: string;
  readonly tensors: number;
  /** Tensors whose bytes are those of another: tied, or views. */
  readonly shared: number;
  /** Numbers of all tensors whose bytes are their own. */
  readonly parameters: number;
  readonly formats: readonly FormatSummary[];
  readonly bytesRead: number;
}

function summarise(file: WeightFile, count: (tensor: Tensor) => number): Summary {
  const formats = new Map<string, FormatSummary>();
  const ends = new Map<unknown, number>();
  let shared = 0;
  // By place, longer ones first: what begins before the end of another lies over it.
  for (const tensor of [...file.tensors.values()].sort(
    (a, b) => a.offset - b.offset || b.sizeBytes - a.sizeBytes,
  )) {
    const { format, source, offset, sizeBytes } = tensor;
    const end = ends.get(source) ?? 0;
    const isShared = sizeBytes > 0 && offset < end;
    ends.set(source, Math.max(end, offset + sizeBytes));
    const sum = formats.get(format) ?? { format, tensors: 0, numbers: 0, bytes: 0 };
    sum.tensors++;
    if (isShared) shared++;
    else {
      sum.numbers += count(tensor);
      sum.bytes += sizeBytes;
    }
    formats.set(format, sum);
  }
  const sorted = [...formats.values()].sort((a, b) => b.bytes - a.bytes);
  return {
    container: file.container,
    tensors: file.tensors.size,
    shared,
    parameters: sorted.reduce((sum, { numbers }) => sum + numbers, 0),
    formats: sorted,
    bytesRead: file.bytesRead,
  };
}

function printSummary(summary: Summary, metadata: ReadonlyMap<string, string>, terminal: Terminal): void {
  const line = (name: string, text: string) => terminal.out(`${name.padEnd(12)}${text}\n`);
  line('container', summary.container);
  const shared = summary.shared > 0 ? `, ${formatCount(summary.shared)} of them over bytes of another` : '';
  line('tensors', `${formatCount(summary.tensors)}${shared}`);
  line('parameters', formatCount(summary.parameters));
  for (const { format, tensors, bytes } of summary.formats)
    line('format', `${format}: ${formatPlural(tensors, 'tensor')}, ${formatPlural(bytes, 'byte')}`);
  for (const [key, value] of [...metadata].slice(0, SHOWN_METADATA))
    line('metadata', `${shortenText(key, 80)} = ${shortenText(value, 160)}`);
  if (metadata.size > SHOWN_METADATA)
    line('metadata', `${formatCount(metadata.size - SHOWN_METADATA)} more entries: --json`);
  line('bytes read', formatCount(summary.bytesRead));
}

function describeTensor({ name, format, shape, strides }: Tensor): string {
  const view = strides === undefined ? '' : `  strides ${strides.join(' x ')}`;
  return `${showInvisible(name)}  ${format}  ${shape.length === 0 ? 'scalar' : shape.join(' x ')}${view}`;
}
