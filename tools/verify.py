"""Checks a release without Probity: written from docs/manifest.md alone, with Python's library and `cryptography`.

Usage: verify.py RELEASE PUBLIC_KEY [PROOF]. Exit code 0 if everything holds, 1 if not, 2 if it could not be tried.
Checks the signatures, the statement, every file, the indices, all roots that need no Parquet, the openings of committed
fields where `auditor/` is present, and a proof about one record. tools/interop/recount.py recounts the rows.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

BYTES_MAX = 512 << 20
MANIFEST, SUMS, DATASET_SIG = "manifest.sigstore.json", "SHA256SUMS", "attestations/dataset.sig"
INPUTS, LEDGER, CONFIG = "inputs/index.json", "ledger/index.json", "config.public.json"
ENTRY = ("decisionRoot", "edited", "inputSha256", "kept", "name", "quarantined", "recordRoot", "removed", "rows")
IGNORED = (".git", ".gitattributes", ".github", ".gitignore", "attestations", "auditor", "run.json")


class Failure(Exception):
    """Something is not as claimed."""


def need(holds, what):
    if not holds:
        raise Failure(what)


def same(what, expected, found):
    need(expected == found, f"{what}: expected {expected}, found {found}")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf(data):
    return sha256(b"\0", data)


def root(leaves):
    """RFC 6962, section 2.1."""
    level = [leaf(data) for data in leaves]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [sha256(b"\1", *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0] if level else sha256()


def included(expected, size, index, node, path):
    """RFC 9162, section 2.1.3.2."""
    need(0 <= index < size, "a leaf outside its tree")
    at, last = index, size - 1
    for sibling in path:
        need(last > 0, "a path that is too long")
        if at & 1 or at == last:
            node = sha256(b"\1", sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = sha256(b"\1", node, sibling)
        at, last = at >> 1, last >> 1
    need(last == 0 and node == expected, "a path that leads to another root")


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse(data, what):
    """One reading of the bytes: duplicate keys, other orders, fractions and white space do not survive this."""

    def no_float(text):
        raise Failure(f"{what}: the number {text}")

    try:
        value = json.loads(data.decode("utf-8"), parse_float=no_float, parse_constant=no_float)
    except (ValueError, RecursionError) as error:
        raise Failure(f"{what}: not JSON ({error})") from None
    need(canonical(value) == data, f"{what}: not in canonical form")
    return value


def from_url(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text, f"{text!r} is not unpadded base64url")
    return data


def open_bundle(data, key, what):
    """The payload of a bundle that the trusted key signed. No name in it selects a key."""
    bundle = parse(data, what)
    same(f"{what}, media type", "application/vnd.dev.sigstore.bundle.v0.3+json", bundle["mediaType"])
    same(f"{what}, log entries", [], bundle["verificationMaterial"]["tlogEntries"])
    envelope = bundle["dsseEnvelope"]
    same(f"{what}, payload type", "application/vnd.in-toto+json", envelope["payloadType"])
    same(f"{what}, signatures", 1, len(envelope["signatures"]))
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    need(envelope["signatures"][0].get("keyid", "") in ("", sha256(der).hex()), f"{what}: keyid of another key")
    hint = bundle["verificationMaterial"]["publicKey"].get("hint", "")
    need(hint in ("", sha256(pem).hex()), f"{what}: hint of another key")
    payload = base64.b64decode(envelope["payload"], validate=True)
    signature = base64.b64decode(envelope["signatures"][0]["sig"], validate=True)
    signed = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            raise Failure("the trusted key is neither P-256 nor Ed25519")
    except InvalidSignature:
        raise Failure(f"{what}: the signature does not hold") from None
    return payload


class Release:
    """A directory: regular files with plain names, and nothing else."""

    def __init__(self, folder):
        self.folder, self.digests = folder, {}
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            need(not path.is_symlink(), f"`{name}` is a symbolic link")
            if not path.is_dir():
                need(path.is_file(), f"`{name}` is not a regular file")
                self.digests[name] = None

    def read(self, name):
        need(name in self.digests, f"`{name}` is missing")
        need((self.folder / name).stat().st_size <= BYTES_MAX, f"`{name}` is too large")
        data = (self.folder / name).read_bytes()
        self.digests[name] = sha256(data).hex()
        return data

    def digest(self, name):
        need(name in self.digests, f"`{name}` is missing")
        if self.digests[name] is None:
            with open(self.folder / name, "rb") as file:
                self.digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
        return self.digests[name]


def statement_of(payload):
    statement = parse(payload, "the statement")
    same("_type", "https://in-toto.io/Statement/v1", statement["_type"])
    same("predicateType", "urn:x-probity:curation-manifest:v1", statement["predicateType"])
    same("subjects", [SUMS, INPUTS, LEDGER], [subject["name"] for subject in statement["subject"]])
    predicate, counts = statement["predicate"], statement["predicate"]["accounting"]
    fates = [counts[fate] for fate in ("kept", "edited", "removed", "quarantined")]
    for what, found in (("fates", sum(fates)), ("inputs", predicate["inputs"]["rows"]), ("ledger", predicate["ledger"]["rows"])):
        same(f"records in, {what}", counts["in"], found)
    same("outputs.rows", fates[0] + fates[1] + counts.get("repeated", 0), predicate["outputs"]["rows"])
    for table in ("byStage", "byRule"):
        for fate in ("removed", "quarantined"):
            same(f"{table}, {fate}", counts[fate], sum(line[fate] for line in counts[table]))
    dataset = predicate["dataset"]
    same("a predecessor", dataset["sequence"] > 1, dataset["previousManifest"] is not None)
    return statement


def check_indices(release, statement):
    predicate = statement["predicate"]
    signed = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    inputs, ledger = (parse(release.read(name), name) for name in (INPUTS, LEDGER))
    for name in (SUMS, INPUTS, LEDGER):
        same(f"`{name}`", signed[name], release.digest(name))
    read = [shard for shard in inputs["shards"] if shard["excluded"] is None]
    stem = lambda name: re.sub(r"\.(parquet|(jsonl|ndjson)(\.gz|\.zst)?|json\.(gz|zst)|warc(\.wet)?(\.gz)?)$", "", name)
    same("shards", [stem(shard["name"]) for shard in read], [shard["name"] for shard in ledger["shards"]])
    for shard, entry in zip(read, ledger["shards"]):
        same(f"{entry['name']}, input", shard["sha256"], entry["inputSha256"])
        same(f"{entry['name']}, rows", shard["rows"], entry["rows"])
        same(f"{entry['name']}, fates", entry["rows"], sum(entry[f] for f in ("kept", "edited", "removed", "quarantined")))
    for what, key in (("kept",) * 2, ("edited",) * 2, ("removed",) * 2, ("quarantined",) * 2, ("in", "rows")):
        same(what, predicate["accounting"][what], sum(entry[key] for entry in ledger["shards"]))
    entries = [canonical({"t": "shard"} | {name: shard[name] for name in ENTRY}) for shard in ledger["shards"]]
    by_stem = sorted(ledger["shards"], key=lambda shard: shard["name"].encode())
    same("recordRoot", predicate["ledger"]["recordRoot"], root(entries).hex())
    same("decisionRoot", predicate["ledger"]["decisionRoot"], root([bytes.fromhex(s["decisionRoot"]) for s in by_stem]).hex())
    parts = [bytes.fromhex(part["contentRoot"]) for part in ledger["outputs"]]
    same("contentRoot", predicate["outputs"]["contentRoot"], root(parts).hex())
    for key, field in (("rows", "rows"), ("textBytes", "textBytes")):
        same(f"outputs.{field}", predicate["outputs"][field], sum(part[key] for part in ledger["outputs"]))
    splits = {}
    for part in ledger["outputs"]:
        split = part.get("split")
        need(part["name"].startswith(f"data/{split}/" if split else "data/"), f"`{part['name']}` is no file of its split")
        if split:
            rows, text_bytes = splits.get(split, (0, 0))
            splits[split] = (rows + part["rows"], text_bytes + part["textBytes"])
    found = [{"name": name, "rows": rows, "textBytes": size} for name, (rows, size) in sorted(splits.items())]
    same("splits", predicate["outputs"].get("splits", []), found)
    return ledger


def check_files(release, statement, ledger, directory):
    predicate = statement["predicate"]
    text = release.read(SUMS).decode()
    lines = [re.fullmatch(r"([0-9a-f]{64})  ([^\\\r]+)", line) for line in text.splitlines()]
    need(text.endswith("\n") and all(lines), f"`{SUMS}` is not in its form")
    listed = {line[2]: line[1] for line in lines}
    need(len(listed) == len(lines) and list(listed) == sorted(listed), f"`{SUMS}` is not sorted")
    documents = {document["name"]: document["sha256"] for document in predicate["documents"]}
    covered = {INPUTS, LEDGER, CONFIG, *documents, *(part["name"] for part in ledger["outputs"])}
    same(f"`{SUMS}`", sorted(covered), sorted(listed))
    for name, digest in (listed | documents | {CONFIG: predicate["config"]["digest"]["sha256"]}).items():
        same(f"`{name}`", digest, release.digest(name))
    extra = [n for n in release.digests if n not in covered and not n.startswith("auditor/")]
    known = re.compile(r"SHA256SUMS|manifest\.sigstore\.json|run\.json|attestations/(dataset\.sig|audit-[^/]+\.sigstore\.json)")
    same("files that nothing speaks about", [], [name for name in extra if not known.fullmatch(name)])
    if directory is not None:
        resources = {resource["name"]: resource["digest"] for resource in directory["predicate"]["resources"]}
        there = sorted(name for name in release.digests if name.split("/")[0] not in IGNORED)
        same(f"files of `{DATASET_SIG}`", there, list(resources))
        for name, digest in resources.items():
            same(f"`{name}` in `{DATASET_SIG}`", digest, release.digest(name))
        raw = b"".join(bytes.fromhex(digest) for digest in resources.values())
        same(f"subject of `{DATASET_SIG}`", sha256(raw).hex(), directory["subject"][0]["digest"]["sha256"])


def check_auditor(release, predicate):
    """The auditors' files, the salt key, and the openings of committed fields (RFC 9901)."""
    index = parse(release.read("auditor/index.json"), "auditor/index.json")
    same("auditor/index.json", predicate["auditor"]["index"]["digest"]["sha256"], release.digest("auditor/index.json"))
    listed = {file["name"]: file["sha256"] for file in index["files"]}
    there = {n for n in release.digests if n.startswith("auditor/")} - {"auditor/index.json", "auditor/salt.key"}
    same("auditors' files", sorted(listed), sorted(there))
    for name, digest in listed.items():
        same(f"`{name}`", digest, release.digest(name))
    key = release.read("auditor/salt.key")
    same("salt key", predicate["ledger"]["saltKeyCommitment"], base64.urlsafe_b64encode(sha256(b"curation/key/v1\0", key)).rstrip(b"=").decode())
    stages = parse(release.read(CONFIG), CONFIG).get("stages", [])
    committed = {f"config.stages.{at}": stage["committed"] for at, stage in enumerate(stages) if list(stage) == ["committed"]}
    opened = set()
    for line in (release.read("auditor/disclosures.jsonl").splitlines() if committed else ()):
        salt, name, value = parse(line, "a disclosure")
        digest = base64.urlsafe_b64encode(sha256(base64.urlsafe_b64encode(line).rstrip(b"="))).rstrip(b"=").decode()
        need(digest in predicate["disclosures"]["digests"], f"the opening of `{name}` is not signed")
        need(name in ("accounting.byRule", "assets") or committed.get(name) == digest, f"`{name}` is not committed")
        same(f"salt of `{name}`", hmac.digest(key, b"curation/disclosure/v1\0" + name.encode(), "sha256")[:16], from_url(salt))
        need(name not in opened, f"`{name}` is opened twice")
        opened.add(name)
    need(set(committed) <= opened, "a committed stage is not opened")


def check_proof(data, statement_sha256, predicate):
    proof = parse(data, "the proof")
    same("format", "curation-proof/v1", proof["format"])
    same("manifest of the proof", statement_sha256, proof["manifest"])
    record, shard = proof["record"], proof["shard"]
    same("kinds of leaves", ("record", "shard"), (record["t"], shard["t"]))
    same("shard of the record", shard["name"], record["shard"])
    hexes = lambda path: [bytes.fromhex(node) for node in path]
    top = bytes.fromhex(predicate["ledger"]["recordRoot"])
    included(top, predicate["inputs"]["shards"], proof["shardIndex"], leaf(canonical(shard)), hexes(proof["shardPath"]))
    included(bytes.fromhex(shard["recordRoot"]), shard["rows"], record["row"], leaf(canonical(record)), hexes(proof["recordPath"]))
    if proof["opening"] is not None:
        salt, content, norm = (proof["opening"][name] for name in ("salt", "contentSha256", "normSha256"))
        commit = sha256(b"curation/commit/v1\0", from_url(salt), bytes.fromhex(content), bytes.fromhex(norm))
        need(len(from_url(salt)) == 16 and commit == from_url(record["c"]), "the opening is not the record's")
    return f"{record['shard']}:{record['row']} was {record['fate']}" + (f" by {record['stage']}/{record['rule']}" if record["rule"] else "")


def check(folder, key, proof):
    release = Release(folder)
    payload = open_bundle(release.read(MANIFEST), key, MANIFEST)
    statement = statement_of(payload)
    print("ok    signature and statement")
    directory = None
    if isinstance(key, ec.EllipticCurvePublicKey):
        directory = parse(open_bundle(release.read(DATASET_SIG), key, DATASET_SIG), DATASET_SIG)
        same("predicateType of dataset.sig", "https://model_signing/signature/v1.0", directory["predicateType"])
        same("ignored paths", list(IGNORED), directory["predicate"]["serialization"]["ignore_paths"])
    else:
        need(DATASET_SIG not in release.digests, f"`{DATASET_SIG}` in a release signed with Ed25519")
    ledger = check_indices(release, statement)
    check_files(release, statement, ledger, directory)
    print("ok    files, indices and roots")
    if any(name.startswith("auditor/") for name in release.digests):
        check_auditor(release, statement["predicate"])
        print("ok    auditors' files and openings")
    if proof is not None:
        print("ok    proof:", check_proof(proof, sha256(payload).hex(), statement["predicate"]))


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        key = load_pem_public_key(pathlib.Path(sys.argv[2]).read_bytes())
        proof = pathlib.Path(sys.argv[3]).read_bytes() if len(sys.argv) == 4 else None
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    try:
        check(pathlib.Path(sys.argv[1]), key, proof)
    except Failure as failure:
        print(f"FAIL  {failure}")
        sys.exit(1)
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        # what is not of the known form is not a release
        print(f"FAIL  not of the known form: {error!r}")
        sys.exit(1)


main()
