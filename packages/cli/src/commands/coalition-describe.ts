import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SharedCampaign, StixObject } from '@phalanx/coalition';
import { PhalanxError, showInvisible, systemClock } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatPlural } from '../figures.js';
import { unpackFinding } from '../kept-finding.js';
import { openAuthor, readObjects, signAs, usage } from '../lab-trust.js';
import { writeNewFile } from '../new-file.js';
import { formatDraft, OFFICE_FILES, officeOf } from '../release-office.js';
import { withStore } from '../telemetry-session.js';
import type { Terminal } from '../terminal.js';
import { parseCount } from './weights-seal.js';

export interface DescribeFlags {
  readonly data?: string;
  readonly config?: string;
  readonly to: string[];
  readonly out: string;
  readonly tlp?: string;
  readonly fingerprint: string[];
  readonly range: string[];
  readonly validDays: string;
  readonly retainDays: string;
  readonly minLabs: string;
  readonly json?: boolean;
}

/**
 * `phalanx coalition describe`: a draft of a release from a kept finding, or from a file of objects (a sighting, an opinion): minimised, marked, signed as this lab. Nothing
 * leaves by it.
 *
 * @throws PhalanxError `CLI_USAGE` for a finding that is not kept or that may be told to nobody; `CLI_FILE`, `COALITION_STIX`,
 *   `COALITION_POLICY`
 */
export async function describeCommand(
  subject: string,
  flags: DescribeFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const [{ describeCampaign }, { loadPolicies, makeSharingMarking, minimiseObjects }] = await Promise.all([
    import('@phalanx/coalition'),
    import('@phalanx/coalition/policy'),
  ]);
  const nowMs = systemClock.nowMs();
  const { identity, authorship } = await openAuthor(flags, terminal, nowMs);
  const own = join(officeOf(flags, terminal), OFFICE_FILES.policies);
  const marking = makeSharingMarking(existsSync(own) ? loadPolicies(own) : loadPolicies(), {
    author: identity.identity,
    atMs: nowMs,
    retainDays: parseCount(flags.retainDays, '--retain-days'),
    minLabs: parseCount(flags.minLabs, '--min-labs'),
  });
  const markingRefs = [...authorship.markingRefs, marking.id] as const;
  const told = existsSync(subject)
    ? markObjects(await readObjects(subject), authorship.markingRefs[0], marking.id)
    : describeCampaign(readCampaign(await findFinding(subject, flags, terminal), flags), {
        ...authorship,
        markingRefs,
      });
  const objects = minimiseObjects([marking, ...told], new Map());
  const draft = {
    author: identity.identity,
    recipients: flags.to,
    objects: await Promise.all(objects.map((object) => signAs(identity, object))),
  };
  writeNewFile(flags.out, formatDraft(draft));
  if (flags.json) terminal.out(`${JSON.stringify({ out: flags.out, objects: objects.length })}\n`);
  else terminal.out(`draft  ${flags.out}: ${formatPlural(objects.length, 'object')}; nothing has left\n`);
  return ExitCode.OK;
}

/** Objects keep their own markings, which may be more closed; those without any get the level of the flags. */
function markObjects(objects: readonly StixObject[], tlp: string, marking: string): StixObject[] {
  return objects
    .filter(({ type }) => type !== 'marking-definition')
    .map((object) => {
      const refs = object.object_marking_refs;
      const own = Array.isArray(refs) && refs.length > 0 ? refs : [tlp];
      return { ...object, object_marking_refs: [...own, marking] } as StixObject;
    });
}

async function findFinding(id: string, flags: DescribeFlags, terminal: Terminal) {
  const config = loadConfig(terminal.env, flags.config);
  const row = await withStore(config, flags.data ?? config.data, (store) => store.readFinding(id));
  if (row === null)
    throw usage(`no finding is kept as ${showInvisible(id)}`, '`phalanx findings list` names them.');
  return unpackFinding(row);
}

function readCampaign(
  { finding, report }: ReturnType<typeof unpackFinding>,
  flags: DescribeFlags,
): SharedCampaign {
  if (finding.kind === 'insufficient')
    throw usage(
      'what is insufficient is told to nobody',
      'Look at what would settle it: phalanx findings show.',
    );
  const firsts = finding.members.map(({ firstAtMs }) => firstAtMs);
  return {
    kind: finding.kind,
    accounts: finding.members.length,
    exchanges: finding.exchangesBeforeAlarm + finding.exchangesAfterAlarm,
    firstAtMs: firsts.reduce((a, b) => Math.min(a, b), finding.firstExchangeAtMs),
    lastAtMs: report.window.toMs,
    log10ECoordination: finding.log10ECoordination,
    log10EDemand: finding.log10EDemand,
    poolsExamined: report.poolsExamined,
    atlas: [...new Set(finding.signals.flatMap(({ atlas }) => atlas ?? []))],
    fingerprints: flags.fingerprint.map(readFingerprint),
    addressRanges: flags.range,
    tokens: [],
    validDays: parseCount(flags.validDays, '--valid-days'),
  };
}

function readFingerprint(text: string): SharedCampaign['fingerprints'][number] {
  const [, algorithm, paramsDigest, digest] =
    /^([a-z0-9-]{1,32}):([0-9a-f]{64}):((?:[0-9a-f]{2}){8,1024})$/.exec(text) ?? [];
  if (algorithm === undefined || paramsDigest === undefined || digest === undefined)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'no fingerprint of a prompt template', {
      advice: 'Write algorithm:parameters:digest, the last two in hexadecimal.',
    });
  return { algorithm, paramsDigest, digest };
}
