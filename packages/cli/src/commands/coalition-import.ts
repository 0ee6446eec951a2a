import type { NewObject } from '@phalanx/coalition/taxii';
import { PhalanxError, showInvisible } from '@phalanx/core';
import { z } from 'zod';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { withCoalitionStore } from '../coalition-data.js';
import { parseJson } from '../coalition-identity.js';
import type { Terminal } from '../terminal.js';

const manifestSchema = z.object({
  id: z.string(),
  date_added: z.string(),
  version: z.string(),
  media_type: z.string().optional(),
});
const collectionSchema = z.object({
  id: z.string(),
  title: z.string(),
  alias: z.string().optional(),
  description: z.string().nullish(),
  can_read: z.boolean(),
  can_write: z.boolean(),
  media_types: z.array(z.string()).optional(),
  objects: z.array(z.record(z.string(), z.unknown())).default([]),
  manifest: z.array(manifestSchema).default([]),
});
const rootSchema = z.object({
  information: z.object({ title: z.string(), description: z.string().nullish() }).optional(),
  status: z.array(z.object({ id: z.string(), request_timestamp: z.string() }).loose()).default([]),
  collections: z.array(collectionSchema).default([]),
});
const seedSchema = z.record(z.string(), z.unknown());

export interface ImportFlags {
  readonly member: string;
  readonly importDates?: boolean;
}

/**
 * `phalanx coalition hub import`: collections and objects in the form of medallion's data files, for whoever moves from it and for judges. With
 * `--import-dates` objects keep the time at which they were added there; else they are added now. Rights are given to `--member`.
 *
 * Objects are taken as they are: they were judged, or not, where they come from.
 *
 * @throws PhalanxError `CLI_FILE`, `CLI_USAGE` when the member is not there, or a collection of the file is
 */
export async function importHubCommand(
  file: string,
  flags: ImportFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { canonicalJson } = await import('@phalanx/core');
  const { findClearance, parseMicroseconds } = await import('@phalanx/coalition/taxii');
  const seed = seedSchema.safeParse(parseJson(file));
  if (!seed.success) throw fileError(file);
  const { '/discovery': discovery, ...rest } = seed.data;
  const defaultRoot = String((discovery as { default?: unknown } | undefined)?.default ?? '');
  let objects = 0;
  await withCoalitionStore(terminal, async ({ taxii, members }) => {
    const member = await members.findMember(flags.member);
    if (member === null)
      throw new PhalanxError<CliErrorCode>('CLI_USAGE', `no member is called ${flags.member}`, {
        advice: 'Admit it first.',
      });
    const roots = Object.entries(rest).map(([path, value]) => {
      const root = rootSchema.safeParse(value);
      if (!root.success) throw fileError(`${file}: ${path}`);
      return [path, root.data] as const;
    });
    for (const { id } of roots.flatMap(([, { collections }]) => collections))
      if ((await taxii.listRights(id)).size > 0)
        throw new PhalanxError<CliErrorCode>(
          'CLI_USAGE',
          `there is a collection ${showInvisible(id)} already`,
          {
            advice:
              'Give those of the file ids of their own: objects of an import are not judged, and would stand among those that were.',
          },
        );
    for (const [path, { information, collections, status }] of roots) {
      await taxii.putApiRoot(
        {
          path: path.replaceAll('/', ''),
          title: information?.title ?? path,
          description: information?.description ?? null,
          isDefault: defaultRoot.replace(/\/$/, '').endsWith(`/${path.replaceAll('/', '')}`),
        },
        true,
      );
      for (const one of collections) {
        const rights = one.can_read
          ? one.can_write
            ? 'read-write'
            : 'read'
          : one.can_write
            ? 'write'
            : null;
        await taxii.putCollection(path.replaceAll('/', ''), {
          id: one.id,
          title: one.title,
          rights: rights === null ? {} : { [flags.member]: rights },
          // Whoever has no rights sees it there too.
          isAnnounced: rights === null,
          ...(one.alias !== undefined && { alias: one.alias }),
          ...(one.description != null && { description: one.description }),
          ...(one.media_types !== undefined && { mediaTypes: one.media_types }),
        });
        const added = one.objects.map((object): NewObject => {
          const text = versionOf(object);
          const entry = one.manifest.find(
            ({ id, version }) => id === object.id && (text === null || sameTime(version, text)),
          );
          const specVersion = object.spec_version === '2.1' || text === null ? '2.1' : '2.0';
          return {
            id: String(object.id),
            type: String(object.type),
            createdByRef: typeof object.created_by_ref === 'string' ? object.created_by_ref : null,
            memberId: member.id,
            versionUs: text === null ? null : parseMicroseconds(text),
            versionText: text,
            specVersion,
            mediaType: entry?.media_type ?? `application/stix+json;version=${specVersion}`,
            json: canonicalJson(object as never),
            clearance: findClearance(object as never),
            ...(flags.importDates &&
              entry !== undefined && { addedUs: parseMicroseconds(entry.date_added)! }),
          };
        });
        // Dates ascend within a collection.
        added.sort((a, b) => (a.addedUs ?? Number.MAX_SAFE_INTEGER) - (b.addedUs ?? Number.MAX_SAFE_INTEGER));
        if (added.length > 0) await taxii.addObjects(one.id, added);
        objects += added.length;
      }
      for (const one of status)
        await taxii.putStatus(path.replaceAll('/', ''), flags.member, {
          id: one.id,
          requestUs: parseMicroseconds(one.request_timestamp) ?? 0,
          json: canonicalJson(one as never),
        });
    }
  });
  terminal.out(`${JSON.stringify({ objects })}\n`);
  return ExitCode.OK;
}

function versionOf(object: Record<string, unknown>): string | null {
  const text = object.modified ?? object.created;
  return typeof text === 'string' ? text : null;
}

function sameTime(a: string, b: string): boolean {
  return a === b || Date.parse(a) === Date.parse(b);
}

function fileError(path: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_FILE', `${path} is not in the form of medallion's data`);
}
