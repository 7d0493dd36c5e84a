#!/usr/bin/env python3
"""Checks the hash chain of a Flashline record without Flashline: Python's own sqlite3 and hashlib, nothing else.

    verify_record.py RECORD [FILE]

RECORD is a copy of a record (flashline db backup). FILE is an anchor or a certificate that was kept elsewhere: the row
that it names must be in the record with the same hash. Exit status 0: everything holds.

The format is docs/record.md, "Canonical form" and "The chain". Rows of an exported order are a part of a chain, with
gaps that a signed text explains; this program reads whole chains only. It checks no signature: minisign does.
"""

import hashlib
import re
import sqlite3
import sys


def canonical(table, columns, row):
    out = bytes([len(table)]) + table.encode()
    for position, (name, value) in enumerate(zip(columns, row)):
        if name in ("chain", "hash") or value is None:
            continue
        out += bytes([position])
        if isinstance(value, int):
            out += b"I" + value.to_bytes(8, "big", signed=True)
        elif isinstance(value, str):
            text = value.encode()
            out += b"T" + len(text).to_bytes(4, "big") + text
        elif isinstance(value, bytes):
            out += b"B" + len(value).to_bytes(4, "big") + value
        else:
            raise SystemExit(f"{table}: a value of a type that the format does not have")
    return out


def rows_of(record):
    """All rows of all chains: {chain: {seq: (hash, canonical form, table)}}."""
    chains = {}
    tables = [name for (name,) in record.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in tables:
        columns = [column[1] for column in record.execute(f'PRAGMA table_info("{table}")')]
        if not {"chain", "seq", "hash"} <= set(columns):
            continue  # `chain`, `excerpt` and `unsettled` are not links of a chain
        for row in record.execute(f'SELECT * FROM "{table}"'):
            named = dict(zip(columns, row))
            rows = chains.setdefault(named["chain"], {})
            if named["seq"] in rows:
                raise SystemExit(f"row {named['seq']} is there twice: in {rows[named['seq']][2]} and in {table}")
            rows[named["seq"]] = (named["hash"], canonical(table, columns, row), table)
    return chains


def check(installation, begin_seq, begin_hash, rows):
    """Returns the hash of each row, or ends with the first row that does not hold."""
    before = begin_hash or hashlib.sha256(b"flashline chain 1" + installation).digest()
    hashes = {}
    for expected, seq in enumerate(sorted(rows), start=(begin_seq or 0) + 1):
        stored, form, table = rows[seq]
        if seq != expected:
            raise SystemExit(f"BROKEN: row {expected} is missing")
        before = hashlib.sha256(before + form).digest()
        if before != stored:
            raise SystemExit(f"BROKEN: row {seq} ({table}) is not as it was written")
        hashes[seq] = before.hex()
    return hashes


def named_in(path):
    """Installation, row and hash that an anchor or a certificate names."""
    text = open(path, encoding="utf-8").read()
    found = {}
    for key, value in (("installation", r"[0-9a-f-]{36}"), ("row", r"\d+"), ("hash", r"[0-9a-f]{64}")):
        match = re.search(rf"^{key}: ({value})$", text, re.MULTILINE)
        if not match:
            raise SystemExit(f"{path} does not name {key}")
        found[key] = match[1]
    return found["installation"].replace("-", ""), int(found["row"]), found["hash"]


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    record = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    all_rows = rows_of(record)
    all_hashes = {}
    for chain, installation, *start in record.execute("SELECT * FROM chain ORDER BY chain"):
        hashes = check(installation, *(start or (None, None)), all_rows.get(chain, {}))
        all_hashes[installation.hex()] = hashes
        last = max(hashes, default=0)
        print(f"installation {installation.hex()}: {len(hashes)} rows, all as they were written")
        print(f"  last row {last}, hash {hashes.get(last, '-')}")
    if len(sys.argv) == 3:
        installation, row, value = named_in(sys.argv[2])
        if all_hashes.get(installation, {}).get(row) != value:
            raise SystemExit(f"BROKEN: {sys.argv[2]} names row {row}, and this record has another one or none")
        print(f"{sys.argv[2]}: row {row} is in this record, with the same hash")


main()
