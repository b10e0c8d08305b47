"""Checks a release's signature with securesystemslib and its statement with in-toto-attestation.

Usage: verify_release.py RELEASE PUBLIC_KEY. Exits 0 when both accept the release and refuse forgeries of it.
Needs securesystemslib, cryptography, in-toto-attestation and protobuf. Knows nothing of Probity.
"""

import base64
import copy
import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey


def accepts(envelope, key):
    """Whether securesystemslib takes the envelope; it changes the dictionary it is given."""
    try:
        Envelope.from_dict(copy.deepcopy(envelope)).verify([key], 1)
        return True
    except VerificationError:
        return False


def main():
    release, key_file = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    public = load_pem_public_key(key_file.read_bytes())
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = SSlibKey.from_crypto(public, keyid=hashlib.sha256(der).hexdigest())
    envelope = json.loads((release / "manifest.sigstore.json").read_text())["dsseEnvelope"]
    payload = base64.b64decode(envelope["payload"], validate=True)

    forged_payload = dict(envelope, payload=base64.b64encode(payload.replace(b'"in":', b'"In":')).decode())
    forged_type = dict(envelope, payloadType="application/json")
    unsigned = dict(envelope, signatures=[])

    proto = json_format.Parse(payload, statement_pb2.Statement())
    Statement.copy_from_pb(proto).validate()
    digests = {
        subject.name: subject.digest["sha256"] == hashlib.sha256((release / subject.name).read_bytes()).hexdigest()
        for subject in proto.subject
    }

    results = {
        "securesystemslib accepts the envelope": accepts(envelope, key),
        "securesystemslib refuses another payload": not accepts(forged_payload, key),
        "securesystemslib refuses another payload type": not accepts(forged_type, key),
        "securesystemslib refuses an envelope without signature": not accepts(unsigned, key),
        "in-toto-attestation accepts the statement": True,
        "the statement is the one spelling of its JSON": payload
        == json.dumps(json.loads(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(),
        "all subjects have their digests": len(digests) == 3 and all(digests.values()),
    }
    for what, holds in results.items():
        print(("ok    " if holds else "FAIL  ") + what)
    sys.exit(0 if all(results.values()) else 1)


main()
