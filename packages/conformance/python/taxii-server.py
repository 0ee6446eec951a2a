"""A TAXII server judged by the software of OASIS.

  taxii-server.py suite URL FILE   medallion's own tests (test_backends.py) over HTTP: a list of [name, outcome, message]
  taxii-server.py clients URL      taxii2-client and stix2 against a seeded server: a list of [what, passed, detail]
  taxii-server.py validate         objects on standard input, by stix2-validator: a list of the first error, or null
"""

import base64
import json
import os
import sys
import tempfile
import types

USER, PASSWORD = "admin", "Password0"
TAXII = "application/taxii+json;version=2.1"
ROOT = "/trustgroup1/"
COLLECTIONS = ROOT + "collections/"
RW = COLLECTIONS + "91a7b528-80eb-42ed-a74d-c6fbd5a26116/"
EMPTY = COLLECTIONS + "365fed99-08fa-fdcd-a1b3-fb247eb41d01/"
WRITE_ONLY = COLLECTIONS + "472c94ae-3113-4e3e-a4dd-a9f4ac7471d4/"
READ_ONLY = COLLECTIONS + "52892447-4d7e-4f70-b94d-d7f22742ff63/"


class RemoteAnswer:
    """What Flask's test client returns, of an answer that came over HTTP."""

    def __init__(self, answer):
        self.status_code = answer.status_code
        self.headers = answer.headers
        self.content_type = answer.headers.get("Content-Type")
        self.answer = answer

    @property
    def json(self):
        return self.answer.json()


class RemoteClient:
    def __init__(self, url):
        import requests

        self.url = url
        self.session = requests.Session()

    def request(self, method, path, headers=None, data=None, follow_redirects=False):
        # None takes a default header away: what Flask's client does not send is not sent.
        headers = {"Accept": None, **(headers or {})}
        return RemoteAnswer(self.session.request(method, self.url + path, headers=headers, data=data,
                                                 allow_redirects=follow_redirects))

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, **more):
        return self.request("POST", path, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)


def suite(url, file):
    import medallion
    import pytest

    class TaxiiTest:
        TEST_OBJECT = {"objects": [{
            "type": "course-of-action", "spec_version": "2.1",
            "id": "course-of-action--68794cd5-28db-429d-ab1e-1256704ef906",
            "created": "2017-01-27T13:49:53.935Z", "modified": "2017-01-27T13:49:53.935Z", "name": "Test object"}]}

        def setUp(self):
            key = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            self.client = RemoteClient(url)
            self.headers = {"Accept": TAXII, "Authorization": "Basic " + key}
            self.post_headers = {"Content-Type": TAXII, **self.headers}

        def tearDown(self):
            self.client.session.close()

    package = types.ModuleType("medallion.test")
    package.DISCOVERY_EP = "/taxii2/"
    package.API_ROOT_EP, package.COLLECTIONS_EP = ROOT, COLLECTIONS
    package.NON_EXISTENT_COLLECTION_EP = COLLECTIONS + "12345678-1234-1234-1234-123456789012/"
    package.FORBIDDEN_COLLECTION_EP = COLLECTIONS + "64993447-4d7e-4f70-b94d-d7f33742ee63/"
    package.GET_OBJECTS_EP, package.GET_MANIFESTS_EP = RW + "objects/", RW + "manifest/"
    package.ADD_OBJECTS_EP, package.ADD_MANIFESTS_EP = EMPTY + "objects/", EMPTY + "manifest/"
    base = types.ModuleType("medallion.test.base_test")
    base.TaxiiTest = TaxiiTest
    sys.modules["medallion.test"], sys.modules["medallion.test.base_test"] = package, base
    medallion.test = package
    found = []

    class Plugin:
        def pytest_addoption(self, parser):
            parser.addoption("--backends", default=["memory"])

        def pytest_runtest_logreport(self, report):
            if report.when == "call":
                found.append([report.location[2], report.outcome, report.longreprtext.strip().split("\n")[-1]])

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "test_backends.py")
        with open(file) as source, open(path, "w") as copy:
            copy.write(source.read().replace("from .base_test", "from medallion.test.base_test"))
        sys.stdout, out = sys.stderr, sys.stdout
        pytest.main([path, "-q", "-p", "no:cacheprovider", "--rootdir", folder, "-k", "not mongo"], plugins=[Plugin()])
    out.write(json.dumps(found))


def clients(url):
    import stix2
    from stix2 import Filter, TAXIICollectionSink, TAXIICollectionSource, TAXIICollectionStore
    from taxii2client.exceptions import AccessError
    from taxii2client.v21 import ApiRoot, Collection, Server, Status, as_pages

    found = []

    def check(what, run):
        try:
            answer = run()
            found.append([what, answer is not False, "" if answer is not False else "not so"])
        except Exception as error:
            found.append([what, False, f"{type(error).__name__}: {error}"[:300]])

    def status_of(run):
        import requests

        try:
            run()
        except requests.HTTPError as error:
            return error.response.status_code
        return 200

    key = {"user": USER, "password": PASSWORD}
    server = Server(url + "/taxii2/", **key)
    check("Server: title, default, roots", lambda: (
        server.title == "Phalanx" and server.default.url.endswith(ROOT) and len(server.api_roots) == 3))
    root = ApiRoot(url + ROOT, **key)
    check("ApiRoot: title", lambda: root.title == "Malware Research Group")
    check("ApiRoot: versions", lambda: root.versions == [TAXII])
    check("ApiRoot: max_content_length", lambda: root.max_content_length > 0)
    check("ApiRoot: five collections, sorted by id", lambda: (
        [one.id for one in root.collections] == sorted(one.id for one in root.collections) and len(root.collections) == 5))
    rw, empty = Collection(url + RW, **key), Collection(url + EMPTY, **key)
    check("Collection: rights and media types", lambda: rw.can_read and rw.can_write and len(rw.media_types) == 2)
    check("Collection: get_objects", lambda: len(rw.get_objects()["objects"]) == 5)
    check("Collection: get_objects, limit and more", lambda: rw.get_objects(limit=2)["more"] is True)
    check("Collection: get_objects of a type", lambda: (
        {one["type"] for one in rw.get_objects(type="indicator")["objects"]} == {"indicator"}))
    check("Collection: get_objects of two types", lambda: (
        len(rw.get_objects(type=["indicator", "malware"])["objects"]) == 3))
    check("Collection: get_objects of all versions", lambda: len(rw.get_objects(version="all")["objects"]) == 7)
    check("Collection: get_objects of a specification version", lambda: (
        len(rw.get_objects(spec_version="2.0")["objects"]) == 1))
    check("Collection: get_objects added after", lambda: (
        len(rw.get_objects(added_after="2016-11-03T12:30:59Z")["objects"]) == 3))
    indicator = "indicator--6770298f-0fd8-471a-ab8c-1c658a46574e"
    check("Collection: get_object", lambda: len(rw.get_object(indicator)["objects"]) == 1)
    check("Collection: get_object of all versions", lambda: len(rw.get_object(indicator, version="all")["objects"]) == 3)
    check("Collection: get_object that is not there is 404", lambda: (
        status_of(lambda: rw.get_object("malware--cee60c30-a68c-41e3-b0c1-a01aac20d000")) == 404))
    check("Collection: object_versions", lambda: len(rw.object_versions(indicator)["versions"]) == 3)
    check("Collection: get_manifest", lambda: len(rw.get_manifest()["objects"]) == 5)

    def read_pages(read, limit, **more):
        pages = []
        for page in as_pages(read, per_request=limit, **more):
            pages.append(page)
            if len(pages) > 50:
                raise RuntimeError("pages without end")
        return [one for page in pages for one in page.get("objects", page.get("versions", []))]

    for limit in (1, 2, 3, 5, 100):
        check(f"as_pages: objects by {limit}", lambda: len(read_pages(rw.get_objects, limit, version="all")) == 7)
        check(f"as_pages: manifest by {limit}", lambda: len(read_pages(rw.get_manifest, limit, version="all")) == 7)
    check("as_pages: versions", lambda: len(read_pages(rw.object_versions, 1, obj_id=indicator)) == 3)
    author = stix2.Identity(id="identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01", name="lab", identity_class="organization")
    made = [stix2.Indicator(name=f"{at}", pattern="[ipv4-addr:value = '198.51.100.3']", pattern_type="stix",
                            created_by_ref=author) for at in range(5)]
    body = json.dumps({"objects": [json.loads(one.serialize()) for one in [author, *made]]})

    def send():
        status = empty.add_objects(body)
        again = Status(url + ROOT + "status/" + status.id + "/", **key)
        return (status.status, status.success_count, again.success_count, again.total_count) == ("complete", 6, 6, 6)

    check("Collection: add_objects and Status", send)
    check("Status: garbage is a failure of its own", lambda: (
        empty.add_objects({"objects": [{"type": "indicator", "id": "indicator--not-a-uuid"}]}).failure_count == 1))
    check("Collection: delete_object", lambda: empty.delete_object(made[0].id) is None or True)
    check("Collection: the deleted one is 404", lambda: status_of(lambda: empty.get_object(made[0].id)) == 404)

    def refuses(run):
        try:
            run()
        except AccessError:
            return True
        return False

    check("Collection: write-only is not read", lambda: refuses(Collection(url + WRITE_ONLY, **key).get_objects))
    check("Collection: read-only is not written", lambda: refuses(
        lambda: Collection(url + READ_ONLY, **key).add_objects(body)))
    check("Server: no password is 401", lambda: status_of(lambda: Server(url + "/taxii2/").title) == 401)
    source = TAXIICollectionSource(rw)
    check("TAXIICollectionSource: get", lambda: source.get(indicator).modified.year == 2017)
    check("TAXIICollectionSource: all_versions", lambda: len(source.all_versions(indicator)) == 3)
    check("TAXIICollectionSource: query by type", lambda: len(source.query([Filter("type", "=", "indicator")])) == 2)
    check("TAXIICollectionSource: query by id", lambda: len(source.query([Filter("id", "=", indicator)])) == 1)
    check("TAXIICollectionSource: query by name", lambda: len(source.query([Filter("name", "=", "Poison Ivy")])) == 1)
    check("TAXIICollectionSource: query by time", lambda: (
        len(source.query([Filter("added_after", "=", "2016-11-03T12:30:59Z")])) == 3))
    sink = TAXIICollectionSink(empty)
    malware = stix2.Malware(name="m", is_family=False, created_by_ref=author)
    relation = stix2.Relationship(made[1], "indicates", malware, created_by_ref=author)
    check("TAXIICollectionSink: add", lambda: sink.add([malware, relation]) or True)
    store = TAXIICollectionStore(empty)
    check("TAXIICollectionStore: what was added comes back", lambda: (
        store.get(malware.id) == malware and store.get(relation.id) == relation))
    check("TAXIICollectionStore: relationships", lambda: (
        [one.id for one in store.relationships(malware)] == [relation.id]))
    check("TAXIICollectionStore: related_to", lambda: [one.id for one in store.related_to(malware)] == [made[1].id])
    changed = malware.new_version(name="n")
    check("TAXIICollectionStore: a new version is the last", lambda: (
        store.add(changed) or store.get(malware.id).name == "n" and len(store.all_versions(malware.id)) == 2))
    print(json.dumps(found))


def validate():
    from stix2validator import ValidationOptions, validate_instance

    options = ValidationOptions(version="2.1")
    answers = []
    for value in json.load(sys.stdin):
        errors = list(validate_instance(value, options).errors)
        answers.append(str(errors[0]) if errors else None)
    print(json.dumps(answers))


{"suite": suite, "clients": clients, "validate": validate}[sys.argv[1]](*sys.argv[2:])
