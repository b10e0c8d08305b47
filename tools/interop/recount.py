"""Recounts a release from its rows and texts, written from docs/manifest.md alone. Knows nothing of Probity's code.

Usage: recount.py RELEASE. Needs pyarrow. Checks no signature and no file digest: openssl and sha256sum do (README.md).
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

import pyarrow
import pyarrow.parquet as parquet

ENTRY = ("decisionRoot", "edited", "inputSha256", "kept", "name", "quarantined", "recordRoot", "removed", "rows")


def digest(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root(leaves):
    """RFC 6962, section 2.1."""
    level = [digest(b"\0", leaf) for leaf in leaves]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [digest(b"\1", *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0] if level else digest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def same(what, expected, found):
    if expected != found:
        sys.exit(f"FAIL  {what}: expected {expected}, found {found}")


def leaves(row, stems):
    """Decision leaf and record leaf of one ledger row."""
    duplicate_of = row["duplicate_of_shard"]
    decision = {name: row[name] for name in ("bound", "fate", "row", "rule", "similarity", "stage", "value")}
    decision["duplicateOf"] = None if duplicate_of is None else [stems[duplicate_of], row["duplicate_of_row"]]
    decision["edits"] = [dict(edit) for edit in row["edits"]]
    decision["shard"] = stems[row["shard"]]
    if row["repeats"] != 1:
        decision["repeats"] = row["repeats"]
    if row.get("split") is not None:
        decision["split"] = row["split"]
    out = None if row["out_shard"] is None else [row["out_shard"], row["out_row"]]
    record = dict(decision, t="record", c=base64url(row["commit"]), out=out)
    return canonical(dict(decision, t="decision")), canonical(record)


def commitment(key, stem, row):
    place = stem.encode() + b"\0" + row["row"].to_bytes(8, "big")
    salt = hmac.digest(key, b"curation/salt/v1\0" + place, "sha256")[:16]
    return digest(b"curation/commit/v1\0", salt, row["content_sha256"], row["norm_sha256"])


def records(path, names):
    """The rows of a file under `data/`, each with the members or columns of these names."""
    if path.suffix == ".parquet":
        # a whole name: of `a.b` pyarrow also reads the field `b` of a struct `a`
        columns = [column.to_pylist() for column in map(parquet.ParquetFile(path).read(columns=names).column, names)]
        return [dict(zip(names, values)) for values in zip(*columns)]
    with pyarrow.input_stream(path) as stream:
        lines = stream.read().split(b"\n")
    same(f"{path.name}, end of the last line", b"", lines.pop())
    try:
        # numbers stay as they are written: Python reads no integer of more than 4300 digits
        return [json.loads(line, parse_int=str, parse_float=str) for line in lines]
    except RecursionError:
        sys.exit(f"FAIL  {path.name}: a line is nested deeper than Python reads")


def member(record, name):
    """The member of this whole name, or else what a name with dots leads to."""
    first, dot, rest = name.partition(".")
    if name in record or not dot or not isinstance(record.get(first), dict):
        return record.get(name)
    return member(record[first], rest)


def encoded(text):
    return text.encode() if isinstance(text, str) else text


def turns(field):
    """The texts of a field's turns, each joined of its parts."""
    if field is None or isinstance(field, (str, bytes)):
        return [] if field is None else [encoded(field)]
    contents = [turn["content"] if "content" in turn else turn.get("value") for turn in field]
    parts = lambda content: [part["text"] for part in content if part and part.get("text") is not None]
    strings = [parts(content) if isinstance(content, list) else [content or ""] for content in contents]
    return [b"\n".join(map(encoded, of_turn)) for of_turn in strings]


def texts(path, config):
    if "text" in config:
        # a line has its text under the whole name, also one with dots
        return [encoded(record[config["text"]]) for record in records(path, [config["text"]])]
    fields = config["messages"]
    # `q=user` is the field `q`
    names = [fields] if isinstance(fields, str) else [field.rsplit("=", 1)[0] for field in fields]
    chats = ([turn for name in names for turn in turns(member(record, name))] for record in records(path, names))
    return [b"\n".join(chat) for chat in chats]


def main():
    release = pathlib.Path(sys.argv[1])
    if not (release / "auditor/salt.key").is_file():
        sys.exit("FAIL  no `auditor/salt.key`: rows can be recounted with the auditors' files alone")
    envelope = json.loads((release / "manifest.sigstore.json").read_text())["dsseEnvelope"]
    predicate = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    index = json.loads((release / "ledger/index.json").read_text())
    config = json.loads((release / "config.public.json").read_text())["input"]
    key = (release / "auditor/salt.key").read_bytes()
    stems = [shard["name"] for shard in index["shards"]]
    totals = dict.fromkeys(("kept", "edited", "removed", "quarantined"), 0)
    released, duplicate_of, placed, repeated = {}, [], {}, 0

    same("salt key", predicate["ledger"]["saltKeyCommitment"], base64url(digest(b"curation/key/v1\0", key)))
    for number, shard in enumerate(index["shards"]):
        decisions, records = [], []
        rows = parquet.read_table(release / shard["ledgerFile"]["name"]).to_pylist()
        for at, row in enumerate(rows):
            same(f"{shard['name']}, place of row {at}", (number, at), (row["shard"], row["row"]))
            same(f"{shard['name']}:{at}, commitment", commitment(key, shard["name"], row), row["commit"])
            decision, record = leaves(row, stems)
            decisions.append(decision)
            records.append(record)
            totals[row["fate"]] += 1
            released[number, at] = row["out_shard"] is not None
            if row["out_shard"] is not None:
                copies = [dict(row, out_row=row["out_row"] + copy) for copy in range(row["repeats"])]
                placed.setdefault(row["out_shard"], []).extend(copies)
                repeated += len(copies) - 1
            if row["duplicate_of_shard"] is not None:
                duplicate_of.append((row["duplicate_of_shard"], row["duplicate_of_row"]))
        same(f"{shard['name']}, rows", shard["rows"], len(rows))
        same(f"{shard['name']}, decisionRoot", shard["decisionRoot"], root(decisions).hex())
        same(f"{shard['name']}, recordRoot", shard["recordRoot"], root(records).hex())

    entries = [canonical({"t": "shard"} | {name: shard[name] for name in ENTRY}) for shard in index["shards"]]
    by_stem = sorted(index["shards"], key=lambda shard: shard["name"].encode())
    decision_roots = [bytes.fromhex(shard["decisionRoot"]) for shard in by_stem]
    same("recordRoot", predicate["ledger"]["recordRoot"], root(entries).hex())
    same("decisionRoot", predicate["ledger"]["decisionRoot"], root(decision_roots).hex())
    for fate, count in totals.items():
        same(fate, predicate["accounting"][fate], count)
    same("repeated", predicate["accounting"].get("repeated", 0), repeated)
    same("records in", predicate["accounting"]["in"], sum(totals.values()))
    same("orphans", predicate["accounting"]["orphans"], sum(not released[record] for record in duplicate_of))

    part_roots = []
    for number, part in enumerate(index["outputs"]):
        found = texts(release / part["name"], config)
        rows = placed.get(number, [])
        same(f"{part['name']}, splits", {part.get("split")}, {row.get("split") for row in rows} or {part.get("split")})
        same(f"{part['name']}, places", list(range(len(found))), [row["out_row"] for row in rows])
        for row, text in zip(rows, found):
            if row["fate"] == "kept":
                same(f"{part['name']}, text of row {row['out_row']}", row["content_sha256"], digest(text))
        part_roots.append(root([digest(text) for text in found]))
        same(f"{part['name']}, contentRoot", part["contentRoot"], part_roots[-1].hex())
    same("contentRoot", predicate["outputs"]["contentRoot"], root(part_roots).hex())
    print(f"ok    {sum(totals.values())} rows, their commitments, roots, counts and texts agree with the manifest")


main()
