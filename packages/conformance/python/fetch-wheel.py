"""Files of a wheel of PyPI, without installing it or what it depends on.

fetch-wheel.py NAME==VERSION FOLDER PREFIX...: members whose path starts with a prefix are unpacked into FOLDER; prints their paths.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

requirement, folder, *prefixes = sys.argv[1:]
with tempfile.TemporaryDirectory() as downloads:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--only-binary=:all:", "--dest", downloads, requirement], check=True, stdout=sys.stderr)
    (wheel,) = pathlib.Path(downloads).glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(tuple(prefixes)) and not name.endswith("/")]
        archive.extractall(folder, names)
print(json.dumps(names))
