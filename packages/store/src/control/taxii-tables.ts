/** Tables of `migrations/001-taxii.ts`. */
export interface TaxiiTables {
  taxii_roots: { path: string; title: string; description: string | null; is_default: boolean };
}
