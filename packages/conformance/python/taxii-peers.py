"""TAXII servers of others, each on a free port that is printed as the first line, and taxii2-client as a reader.

  taxii-peers.py medallion PAGE          medallion, memory backend, pages of at most PAGE objects
  taxii-peers.py opentaxii FOLDER        OpenTAXII on sqlite in FOLDER
  taxii-peers.py versions X              what is installed
  taxii-peers.py read URL WAY LIMIT      ids and versions that taxii2-client reads: objects, manifest, or time (added_after)
"""

import json
import logging
import os
import sys
import tempfile
import threading

USER, PASSWORD = "admin", "Password0"
COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
STIX = "application/stix+json;version=2.1"
REQUESTS = 200


def serve(app, root):
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(json.dumps({"url": f"http://127.0.0.1:{server.port}{root}collections/{COLLECTION}/",
                      "discovery": f"http://127.0.0.1:{server.port}/taxii2/"}), flush=True)
    # Whoever started this ends it by closing standard input.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    server.serve_forever()


def medallion(page):
    import medallion as package

    data = {
        "/discovery": {"title": "peer", "api_roots": ["http://localhost/api1/"]},
        "api1": {
            "information": {"title": "Root", "versions": ["application/taxii+json;version=2.1"],
                            "max_content_length": 9765625},
            "status": [],
            "collections": [{"id": COLLECTION, "title": "All", "can_read": True, "can_write": True,
                             "media_types": [STIX], "objects": [], "manifest": []}],
        },
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(data, file)
        file.flush()
        config = {"users": {USER: PASSWORD}, "taxii": {"max_page_size": int(page)},
                  "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend",
                              "filename": file.name}}
        for name in ("users", "taxii", "backend"):
            package.set_config(package.application_instance, name, config)
    package.register_blueprints(package.application_instance)
    serve(package.application_instance, "/api1/")


def opentaxii(folder):
    from opentaxii.config import ServerConfig
    from opentaxii.middleware import create_app
    from opentaxii.persistence.sqldb import taxii2models
    from opentaxii.server import TAXIIServer

    def database(name, **more):
        return {"db_connection": f"sqlite:///{folder}/{name}.db", "create_tables": True, **more}

    server = TAXIIServer(ServerConfig(extra_configs=[{
        "taxii1": None,
        "auth_api": {"class": "opentaxii.auth.sqldb.SQLDatabaseAPI",
                     "parameters": database("auth", secret="secret-of-at-least-thirty-two-bytes", token_ttl_secs=3600)},
        "taxii2": {"title": "peer", "description": "", "contact": "", "max_content_length": 9765625,
                   "public_discovery": True, "allow_custom_properties": True,
                   "persistence_api": {"class": "opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI",
                                       "parameters": database("taxii2")}},
    }]))
    app = create_app(server)
    app.debug = False
    with app.app_context():
        server.auth.api.create_account(USER, PASSWORD, is_admin=True)
        store = server.servers.taxii2.persistence.api
        root = store.add_api_root(title="Root", default=True)
        added = store.add_collection(api_root_id=root.id, title="All")
        # Its own ids are random; readers ask for one that is known.
        store.db.session.query(taxii2models.Collection).filter_by(id=added.id).update({"id": COLLECTION})
        store.db.session.commit()
    serve(app, f"/taxii2/{root.id}/")


def read(url, way, limit):
    import requests
    from taxii2client.v21 import Collection, as_pages

    collection = Collection(url, user=USER, password=PASSWORD)
    counted = {"requests": 0}
    send = requests.Session.send

    def count(session, request, **options):
        counted["requests"] += 1
        if counted["requests"] > REQUESTS:
            raise RuntimeError("endless")
        return send(session, request, **options)

    requests.Session.send = count
    found, error = [], None
    everything = {"match[version]": "all"}
    try:
        if way == "time":
            after = None
            while True:
                options = {"added_after": after} if after else {}
                response = collection._conn.session.get(
                    collection.objects_url, params={"limit": limit, **everything, **options},
                    headers={"Accept": "application/taxii+json;version=2.1"})
                page = response.json()
                found += page.get("objects", [])
                last = response.headers.get("X-TAXII-Date-Added-Last")
                if not page.get("more") or last == after:
                    break
                after = last
        else:
            ask = collection.get_manifest if way == "manifest" else collection.get_objects
            for page in as_pages(ask, per_request=int(limit), version="all"):
                found += page.get("objects", [])
    except Exception as problem:  # noqa: BLE001
        error = f"{type(problem).__name__}: {problem}"[:200]
    keys = [f"{one['id']} {one.get('version') or one.get('modified') or one.get('created')}" for one in found]
    print(json.dumps({"keys": keys, "requests": counted["requests"], "error": error}))


def versions(_):
    from importlib.metadata import version

    print(json.dumps({name: version(name) for name in ("medallion", "opentaxii", "taxii2-client", "stix2")}))


if __name__ == "__main__":
    {"medallion": medallion, "opentaxii": opentaxii, "read": read, "versions": versions}[sys.argv[1]](*sys.argv[2:])
