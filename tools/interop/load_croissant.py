"""Validates a release's Croissant document with mlcroissant and loads every record it describes.

Usage: load_croissant.py RELEASE. Exits 0 when there are as many records as the manifest counts. Needs mlcroissant and
pyarrow. Knows nothing of Probity.
"""

import base64
import json
import os
import pathlib
import sys

import mlcroissant


def main():
    release = pathlib.Path(sys.argv[1])
    envelope = json.loads((release / "manifest.sigstore.json").read_text())["dsseEnvelope"]
    rows = json.loads(base64.b64decode(envelope["payload"]))["predicate"]["outputs"]["rows"]
    # the parts are named relative to the document
    os.chdir(release)
    dataset = mlcroissant.Dataset(jsonld="croissant.json")
    found = sum(1 for records in dataset.metadata.record_sets for _ in dataset.records(record_set=records.uuid))
    if not dataset.metadata.record_sets:
        print("ok    valid; chat records are described as files only")
    elif found == rows:
        print(f"ok    valid, and {found} records load")
    else:
        sys.exit(f"FAIL  {found} records load, the manifest counts {rows}")


if __name__ == "__main__":
    main()
