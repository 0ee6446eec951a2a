import type { Generated, GeneratedAlways } from 'kysely';

/** Tables of `migrations/001-taxii.ts`. */
export interface TaxiiTables {
  taxii_roots: {
    path: string;
    title: string;
    description: string | null;
    is_default: boolean;
    is_open: boolean;
  };
  taxii_collections: {
    number: GeneratedAlways<number>;
    id: string;
    root_path: string;
    alias: string | null;
    title: string;
    description: string | null;
    media_types: readonly string[];
    is_announced: boolean;
    spec_versions: Generated<readonly string[]>;
    last_added_us: Generated<number>;
  };
  taxii_rights: { collection_id: string; principal: string; can_read: boolean; can_write: boolean };
  taxii_objects: {
    collection: number;
    added_us: number;
    object_id: string;
    type: string;
    created_by_ref: string | null;
    member_id: string;
    version_us: number;
    version_text: string;
    spec_version: string;
    media_type: string;
    clearance: number | null;
    is_last: boolean;
    last_bar: number | null;
    bytes: number;
    digest: Uint8Array;
    json: string;
  };
  taxii_statuses: { root_path: string; member_id: string; id: string; request_us: number; json: string };
}
