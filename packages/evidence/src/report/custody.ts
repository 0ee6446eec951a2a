import { showInvisible } from '@phalanx/core';
import type { CaseFile, CaseObject, CaseParty, CustodyStep } from './case-file.js';
import { makeUuidV5 } from './uuid.js';

/** Made from the namespace of URLs (RFC 9562, appendix A) and `phalanx.custody.v1`. */
const NAMESPACE = makeUuidV5('6ba7b811-9dad-11d1-80b4-00c04fd430c8', 'phalanx.custody.v1');

const CONTEXT = {
  'case-investigation': 'https://ontology.caseontology.org/case/investigation/',
  'uco-action': 'https://ontology.unifiedcyberontology.org/uco/action/',
  'uco-core': 'https://ontology.unifiedcyberontology.org/uco/core/',
  'uco-identity': 'https://ontology.unifiedcyberontology.org/uco/identity/',
  'uco-observable': 'https://ontology.unifiedcyberontology.org/uco/observable/',
  'uco-role': 'https://ontology.unifiedcyberontology.org/uco/role/',
  'uco-tool': 'https://ontology.unifiedcyberontology.org/uco/tool/',
  'uco-types': 'https://ontology.unifiedcyberontology.org/uco/types/',
  'uco-vocabulary': 'https://ontology.unifiedcyberontology.org/uco/vocabulary/',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
};

interface Reference {
  readonly '@id': string;
}

/**
 * The chain of custody as CASE 1.4.0 / UCO 1.4.0 in JSON-LD: an investigation with one action a step, each with performer,
 * instrument, objects and results, hashes and times, and a provenance record for what came out. An action is informed by
 * the ones before it whose results it used. Identifiers are UUIDs of version 5 over the content, so that the same case file gives the same
 * text, and the same file has the same identifier in every case. Characters that cannot be seen are spelt out.
 */
export function writeCustodyGraph(file: CaseFile): string {
  const graph = new CustodyGraph(file.caseId);
  const steps = [...file.custody].sort(compareSteps);
  const madeBy = new Map<string, string>();
  const contents: Reference[] = [];
  for (const step of steps) {
    const informants = new Set(
      step.inputs.flatMap((input) => madeBy.get(graph.addObject(input)['@id']) ?? []),
    );
    const { action, record } = graph.addStep(step, [...informants]);
    for (const output of step.outputs) madeBy.set(graph.addObject(output)['@id'], action['@id']);
    contents.push(action, ...(record === null ? [] : [record]));
  }
  graph.addInvestigation(file, contents);
  return `${JSON.stringify({ '@context': CONTEXT, '@graph': graph.nodes }, null, 2)}\n`;
}

/** Nodes by identifier; adding one a second time changes nothing. */
class CustodyGraph {
  readonly #caseId: string;
  readonly #nodes = new Map<string, object>();

  constructor(caseId: string) {
    this.#caseId = caseId;
  }

  get nodes(): object[] {
    return [...this.#nodes.values()];
  }

  addInvestigation(file: CaseFile, contents: readonly Reference[]): void {
    const times = file.custody.flatMap((step) => [step.startMs, step.endMs]);
    this.#add('case-investigation:Investigation', [this.#caseId], {
      'uco-core:name': showInvisible(`Case ${file.caseId}`),
      'case-investigation:investigationForm': 'suspicious-activity',
      'case-investigation:focus': 'extraction of training data from a model',
      ...(times.length === 0
        ? {}
        : {
            'uco-core:startTime': dateTime(times.reduce((a, b) => Math.min(a, b))),
            'uco-core:endTime': dateTime(times.reduce((a, b) => Math.max(a, b))),
          }),
      'uco-core:createdBy': this.#addParty(file.madeBy),
      'uco-core:object': contents,
    });
  }

  /** The action of a step, and the record of what came out of it; null when nothing did. */
  addStep(
    step: CustodyStep,
    informants: readonly string[],
  ): { readonly action: Reference; readonly record: Reference | null } {
    const outputs = step.outputs.map((output) => this.addObject(output));
    const key = [this.#caseId, step.action, step.what, step.startMs, step.endMs, ...stepObjects(step)];
    const record =
      outputs.length === 0
        ? null
        : this.#add('case-investigation:ProvenanceRecord', key, {
            'uco-core:description': showInvisible(`Results of: ${step.what}`),
            'case-investigation:exhibitNumber': showInvisible(`${this.#caseId}, ${step.action}`),
            'uco-core:object': outputs,
          });
    const action = this.#add('case-investigation:InvestigativeAction', key, {
      'uco-core:name': step.action,
      'uco-core:description': showInvisible(step.what),
      'uco-action:startTime': dateTime(step.startMs),
      'uco-action:endTime': dateTime(step.endMs),
      'uco-action:performer': this.#addParty(step.performer),
      'uco-action:instrument': this.#addTool(step.instrument),
      ...(step.recipient === null ? {} : { 'uco-action:participant': this.#addParty(step.recipient) }),
      'uco-action:object': step.inputs.map((input) => this.addObject(input)),
      'uco-action:result': record === null ? [] : [record, ...outputs],
      'case-investigation:wasInformedBy': informants.map((id) => ({ '@id': id })),
    });
    return { action, record };
  }

  addObject(object: CaseObject): Reference {
    const key = [object.name, object.sha256];
    const path = showInvisible(object.name);
    return this.#add('uco-observable:File', key, {
      'uco-core:name': path,
      'uco-core:hasFacet': [
        this.#add('uco-observable:FileFacet', key, {
          'uco-observable:fileName': path.slice(path.lastIndexOf('/') + 1),
          'uco-observable:filePath': path,
          'uco-observable:sizeInBytes': object.sizeBytes,
        }),
        this.#add('uco-observable:ContentDataFacet', key, {
          'uco-observable:sizeInBytes': object.sizeBytes,
          'uco-observable:hash': this.#add('uco-types:Hash', key, {
            'uco-types:hashMethod': 'SHA256',
            'uco-types:hashValue': { '@type': 'xsd:hexBinary', '@value': object.sha256 },
          }),
        }),
      ],
    });
  }

  /** The person, or the organisation where no person is named. */
  #addParty(party: CaseParty): Reference {
    const organisation = this.#add('uco-identity:Organization', [party.organisation], {
      'uco-core:name': showInvisible(party.organisation),
    });
    const key = [party.organisation, party.person];
    const identity =
      party.person === null
        ? organisation
        : this.#add('uco-identity:Person', key, { 'uco-core:name': showInvisible(party.person) });
    if (party.person !== null) this.#relate(identity, organisation, 'Member_Of');
    const role = this.#add('uco-role:Role', [...key, party.role], {
      'uco-core:name': showInvisible(party.role),
    });
    this.#relate(identity, role, 'Has_Role');
    return identity;
  }

  #addTool({ name, version }: CustodyStep['instrument']): Reference {
    return this.#add('uco-tool:Tool', [name, version], {
      'uco-core:name': showInvisible(name),
      'uco-tool:version': showInvisible(version),
    });
  }

  #relate(source: Reference, target: Reference, kind: string): void {
    this.#add('uco-core:Relationship', [source['@id'], target['@id'], kind], {
      'uco-core:source': source,
      'uco-core:target': target,
      'uco-core:kindOfRelationship': kind,
      'uco-core:isDirectional': true,
    });
  }

  /** JSON as `JSON.stringify` writes it has one form for a list of texts and numbers, lone surrogates included. */
  #add(type: string, key: readonly (string | number | null)[], properties: object): Reference {
    const id = `urn:uuid:${makeUuidV5(NAMESPACE, JSON.stringify([type, ...key]))}`;
    if (!this.#nodes.has(id)) this.#nodes.set(id, { '@id': id, '@type': type, ...withoutEmpty(properties) });
    return { '@id': id };
  }
}

/** What began first, and of that what ended first; then by name, so that the order given does not matter. */
function compareSteps(a: CustodyStep, b: CustodyStep): number {
  const names = (step: CustodyStep) => `${step.action} ${step.what}`;
  return a.startMs - b.startMs || a.endMs - b.endMs || (names(a) < names(b) ? -1 : 1);
}

function stepObjects({ inputs, outputs }: CustodyStep): (string | number)[] {
  const content = (objects: readonly CaseObject[]) => objects.flatMap(({ name, sha256 }) => [name, sha256]);
  return [inputs.length, ...content(inputs), ...content(outputs)];
}

function withoutEmpty(properties: object): object {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => !(Array.isArray(value) && value.length === 0)),
  );
}

function dateTime(atMs: number): object {
  return { '@type': 'xsd:dateTime', '@value': new Date(atMs).toISOString() };
}
