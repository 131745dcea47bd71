#!/usr/bin/env python3
"""Proves a sealed archive of a tenant with Python's standard library alone, without Invx.

    python3 verify_archive.py FILE.zip [--root invoicing=HEX]

Follows README.txt in the archive, which states every format. Exit code 0: everything holds; 1: the
first fault is named; 2: the archive cannot be read. `--root` also asks for the root of the last
seal of a context, as an anchor outside holds it.
"""

import argparse
import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

Row = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Fault(Exception):
    """Something is not what it must be; the text says where and what."""


def ensure(holds: bool, where: str, what: str) -> None:
    """Raise Fault unless it holds."""
    if not holds:
        raise Fault(f"{where}: {what}")


def sha256(*parts: bytes) -> bytes:
    """The digest over all parts."""
    return hashlib.sha256(b"".join(parts)).digest()


def compact(said: Any) -> bytes:
    """JSON without spaces, in UTF-8."""
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


class Archive:
    """The members of the ZIP file."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self.file = file
        self.names = set(file.namelist())
        ensure(len(self.names) == len(file.namelist()), "ZIP", "a member is there twice")
        ensure("manifest.json" in self.names, "manifest.json", "is missing")
        self.manifest: Row = json.loads(file.read("manifest.json"))
        ensure(
            self.manifest.get("format") == "invx archive 1",
            "manifest.json",
            f"the format is {self.manifest.get('format')!r}",
        )
        self.tenant = UUID(self.manifest["tenant"])

    def hashes(self) -> None:
        """Every member is listed with its hash, and none is missing."""
        listed: Row = self.manifest["sha256"]
        for name in sorted(self.names - {"manifest.json"} - set(listed)):
            raise Fault(f"{name}: the manifest does not list it")
        for name, expected in listed.items():
            ensure(name in self.names, name, "is missing")
            digest = hashlib.sha256()
            with self.file.open(name) as member:
                while block := member.read(1 << 20):
                    digest.update(block)
            ensure(digest.hexdigest() == expected, name, "the manifest has another hash of it")

    def lines(self, name: str) -> Iterator[tuple[str, Row]]:
        """Each line with its place."""
        if name not in self.names:
            ensure(name not in self.manifest["rows"], name, "is missing")
            return
        count = 0
        with self.file.open(name) as member:
            for count, line in enumerate(member, 1):
                yield f"{name}, line {count}", json.loads(line)
        ensure(count == self.manifest["rows"].get(name), name, f"has {count} lines")


class Events:
    """The chains of one context, and what other members need to know of them."""

    def __init__(self, archive: Archive, context: str) -> None:
        self.archive = archive
        self.context = context
        self.hashes: dict[tuple[str, int], str] = {}
        self.kinds: dict[tuple[str, int], str] = {}
        self.proofs: dict[tuple[str, int], list[tuple[str, str]]] = {}

    def chains(self) -> int:
        """Every event follows from the one before it; every stream ends with its head."""
        stream, version, previous = "", 0, bytes(32)
        heads: dict[str, tuple[int, str]] = {}
        for where, row in self.archive.lines(f"{self.context}/events.jsonl"):
            if row["stream_id"] != stream:
                stream, version, previous = row["stream_id"], 0, bytes(32)
                ensure(stream not in heads, where, f"stream {stream} is there twice")
            version += 1
            place = f"{where}: stream {stream}, version {version}"
            ensure(row["version"] == version, place, "the event is missing")
            previous = sha256(previous, self._header(row), row["body"].encode())
            ensure(previous.hex() == row["hash"], place, "the event does not give its hash")
            heads[stream] = (version, row["hash"])
            self.hashes[stream, version], self.kinds[stream, version] = row["hash"], row["type"]
            if '"~personal"' in row["body"]:
                proofs = json.loads(row["body"]).get("~personal", {})
                self.proofs[stream, version] = list(proofs.items())
        for where, row in self.archive.lines(f"{self.context}/streams.jsonl"):
            head = heads.pop(row["stream_id"], (0, ""))
            said = (row["version"], row["head_hash"])
            ensure(said == head, where, f"the events of stream {row['stream_id']} end otherwise")
        ensure(not heads, self.context, f"events of unknown streams: {sorted(heads)[:1]}")
        return len(self.hashes)

    def _header(self, row: Row) -> bytes:
        names = ("event_id", "type", "schema_version", "occurred_at", "recorded_at", "actor")
        header = [str(self.archive.tenant), row["stream_id"], row["version"]]
        header += [row[name] for name in names]
        return compact([*header, row["correlation_id"], row["causation_id"]])

    def personal(self) -> int:
        """The values that are there are those that the bodies prove."""
        count = 0
        for where, row in self.archive.lines(f"{self.context}/personal.jsonl"):
            proofs = self.proofs.get((row["stream_id"], row["version"]), [])
            place = int(row["field"]) if row["field"].isdecimal() else -1
            ensure(0 <= place < len(proofs), where, "no event knows of this personal value")
            subject, proof = proofs[place]
            ensure(subject == row["subject_id"], where, "the event names another subject")
            value = sha256(bytes.fromhex(row["salt"]), row["value"].encode())
            ensure(value.hex() == proof, where, "the personal value is not what the event proves")
            count += 1
        return count


def tree(leaves: Sequence[Row]) -> bytes:
    """The root of RFC 6962's tree over the heads of streams."""
    level = [
        sha256(
            b"\x00",
            UUID(leaf["stream_id"]).bytes,
            leaf["version"].to_bytes(8, "big"),
            bytes.fromhex(leaf["head_hash"]),
        )
        for leaf in leaves
    ]
    while len(level) > 1:
        nodes = [sha256(b"\x01", *level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
        level = nodes + level[len(level) - len(level) % 2 :]
    return level[0]


def seals(events: Events, root: str | None) -> int:
    """Seals follow one another, and each gives its root; what was sealed is there."""
    archive, context = events.archive, events.context
    by_seal: dict[int, list[Row]] = {}
    for where, leaf in archive.lines(f"{context}/leaves.jsonl"):
        head = events.hashes.get((leaf["stream_id"], leaf["version"]))
        place = f"stream {leaf['stream_id']}, version {leaf['version']}"
        ensure(head is not None, where, f"the sealed event is missing: {place}")
        ensure(head == leaf["head_hash"], where, f"the sealed event has another hash: {place}")
        by_seal.setdefault(leaf["number"], []).append(leaf)
    number, previous = 0, bytes(32)
    for where, seal in archive.lines(f"{context}/seals.jsonl"):
        number += 1
        ensure(seal["number"] == number, where, f"seal {number} is missing")
        leaves = by_seal.pop(number, [])
        ensure(len(leaves) == seal["leaves"] > 0, where, f"seal {number} has {len(leaves)} leaves")
        ensure(seal["previous"] == previous.hex(), where, f"seal {number} follows from another")
        moment = datetime.strptime(seal["sealed_at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        micros = (moment - _EPOCH) // timedelta(microseconds=1)
        numbers = b"".join(each.to_bytes(8, "big") for each in (number, len(leaves), micros))
        previous = sha256(b"\x02", previous, archive.tenant.bytes, numbers, tree(leaves))
        ensure(previous.hex() == seal["root"], where, f"seal {number} does not give its root")
    ensure(not by_seal, context, f"leaves of unknown seals: {sorted(by_seal)[:1]}")
    for where, receipt in archive.lines(f"{context}/anchors.jsonl"):
        ensure(1 <= receipt["number"] <= number, where, "a receipt of a seal that is missing")
    held = root is None or root == previous.hex()
    ensure(held, context, f"the last root is {previous.hex()}, the anchor holds {root}")
    return number


def register(events: Events) -> int:
    """Rows follow one another for each legal entity, and name events that are there."""
    known = {digest: (at[0], events.kinds[at]) for at, digest in events.hashes.items()}
    last: dict[str, tuple[int, str]] = {}
    count = 0
    for where, row in events.archive.lines(f"{events.context}/register.jsonl"):
        position, previous = last.get(row["legal_entity_id"], (0, "0" * 64))
        ensure(row["position"] == position + 1, where, f"position {position + 1} is missing")
        ensure(row["previous"] == previous, where, "it follows from another row")
        order = ("regime", "category", "rate", "base", "tax")
        said: list[Any] = ["invx register 1", row["legal_entity_id"], row["position"]]
        said += [row[name] for name in ("kind", "document_id", "type", "number", "series_id")]
        said += [row[name] for name in ("issue_date", "happened_at", "currency")]
        said += [row[name] for name in ("net", "tax", "gross", "due")]
        said.append([[tax[name] for name in order] for tax in json.loads(row["taxes"])])
        said += [row[name] for name in ("document_hash", "credits", "cancels", "replaces")]
        digest = sha256(compact([*said, row["previous"]])).hex()
        ensure(digest == row["fingerprint"], where, "the row does not give its fingerprint")
        wanted = {"issued": "DocumentFinalized", "voided": "DocumentVoided"}.get(row["kind"])
        proof = known.get(row["document_hash"])
        ensure(proof == (row["document_id"], wanted), where, "its document is not there")
        last[row["legal_entity_id"]] = (row["position"], row["fingerprint"])
        count += 1
    entered = sum(kind == "DocumentEntered" for kind in events.kinds.values())
    ensure(count == entered, f"{events.context}/register.jsonl", f"{entered} rows were entered")
    return count


def files(archive: Archive, context: str) -> int:
    """What was first issued has the bytes that it had."""
    listed = set()
    for where, row in archive.lines(f"{context}/files.jsonl"):
        ensure(row["name"] in archive.names, where, f"{row['name']} is missing")
        digest = hashlib.sha256(archive.file.read(row["name"])).hexdigest()
        ensure(digest == row["sha256"], row["name"], "the bytes do not give the stored hash")
        listed.add(row["name"])
    held = {name for name in archive.names if name.startswith(f"{context}/files/")}
    ensure(held == listed, context, f"files that no row lists: {sorted(held - listed)[:1]}")
    return len(listed)


def verify(archive: Archive, roots: dict[str, str]) -> Iterator[str]:
    """What was found, context by context. Raises Fault at the first thing that is wrong."""
    archive.hashes()
    unknown = set(roots) - set(archive.manifest["contexts"])
    ensure(not unknown, "--root", f"the archive has no context {sorted(unknown)}")
    for context in archive.manifest["contexts"]:
        events = Events(archive, context)
        counts = {
            "events": events.chains(),
            "personal values": events.personal(),
            "seals": seals(events, roots.get(context)),
            "register rows": register(events),
            "files": files(archive, context),
        }
        yield f"{context}: " + ", ".join(f"{count} {name}" for name, count in counts.items())


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Prove a sealed archive without Invx.")
    parser.add_argument("archive")
    parser.add_argument("--root", action="append", default=[], metavar="CONTEXT=HEX")
    given = parser.parse_args()
    try:
        with zipfile.ZipFile(given.archive) as file:
            for line in verify(Archive(file), dict(each.split("=", 1) for each in given.root)):
                print(line)
    except Fault as fault:
        print(f"BROKEN {fault}")
        return 1
    except (OSError, zipfile.BadZipFile, ValueError, LookupError, TypeError) as error:
        print(f"BROKEN the archive cannot be read: {type(error).__name__} {error}")
        return 2
    print("Intact.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
