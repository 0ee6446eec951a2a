import type { Endpoint, PathNames } from '../taxii-request.js';
import { addObjects } from './add-objects.js';
import { getApiRoot } from './api-root.js';
import { getCollection, getCollections } from './collections.js';
import { deleteObject } from './delete-object.js';
import { getDiscovery } from './discovery.js';
import { getManifest } from './manifest.js';
import { getObject } from './object.js';
import { getObjects } from './objects.js';
import { getStatus } from './status.js';
import { getVersions } from './versions.js';

type Methods = Readonly<Partial<Record<'GET' | 'POST' | 'DELETE', Endpoint>>>;

/** Every endpoint of TAXII 2.1 (sections 4 and 5) by its path; what has a colon is a name. */
const ENDPOINTS: readonly (readonly [path: string, methods: Methods])[] = [
  ['taxii2', { GET: getDiscovery }],
  [':root', { GET: getApiRoot }],
  [':root/status/:status', { GET: getStatus }],
  [':root/collections', { GET: getCollections }],
  [':root/collections/:collection', { GET: getCollection }],
  [':root/collections/:collection/manifest', { GET: getManifest }],
  [':root/collections/:collection/objects', { GET: getObjects, POST: addObjects }],
  [':root/collections/:collection/objects/:object', { GET: getObject, DELETE: deleteObject }],
  [':root/collections/:collection/objects/:object/versions', { GET: getVersions }],
];

/** Longest name in a path: an id of STIX has fewer characters. */
const NAME_UNITS = 300;

/** The endpoint of a path, with or without its last slash; null where there is none. */
export function findEndpoint(path: string): { readonly methods: Methods; readonly names: PathNames } | null {
  const steps = path.replace(/^\//, '').replace(/\/$/, '').split('/');
  for (const [pattern, methods] of ENDPOINTS) {
    const names = matchSteps(pattern.split('/'), steps);
    if (names !== null) return { methods, names };
  }
  return null;
}

function matchSteps(pattern: readonly string[], steps: readonly string[]): PathNames | null {
  if (pattern.length !== steps.length) return null;
  const names: Record<string, string> = {};
  for (const [at, wanted] of pattern.entries()) {
    const step = steps[at]!;
    if (!wanted.startsWith(':')) {
      if (step !== wanted) return null;
      continue;
    }
    const name = decodeName(step);
    if (name === null) return null;
    names[wanted.slice(1)] = name;
  }
  return { root: '', collection: '', object: '', status: '', ...names };
}

function decodeName(step: string): string | null {
  try {
    const name = decodeURIComponent(step);
    // Databases refuse the character of code 0.
    return name === '' || name.length > NAME_UNITS || name.includes('\0') ? null : name;
  } catch {
    return null;
  }
}
