#!/usr/bin/env python3
"""A key table in turns between `tide` and Flink (the filesystem catalog of Paimon's connector), batch and streaming.

usage: check.py TIDE FOLDER [--seed N]      TIDE is the program; FOLDER keeps Flink's jars (about 400 MB) and the warehouse

Tidelake writes, follows and compacts the table; Flink reads, upserts, deletes, compacts and follows it. After each turn both
must hold the rows of a plain dictionary, and the changes that either of them streams must add up to the same rows.
Needs a JDK 17, Maven and pip, as flink.sh does."""

import argparse
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TABLE = "shop.stock"
SCHEMA = {
    "fields": [
        {"name": "region", "type": "STRING NOT NULL"},
        {"name": "id", "type": "BIGINT NOT NULL"},
        {"name": "name", "type": "STRING"},
        {"name": "price", "type": "DECIMAL(12, 2)"},
        {"name": "amount", "type": "INT"},
        {"name": "changed", "type": "TIMESTAMP(3)"},
    ],
    "primaryKeys": ["region", "id"],
    "partitionKeys": ["region"],
    "options": {"bucket": "2", "num-sorted-run.compaction-trigger": "3", "changelog-producer": "input"},
}
COLUMNS = [field["name"] for field in SCHEMA["fields"]]


def fail(message):
    sys.exit(f"FAILED: {message}")


class Check:
    def __init__(self, args):
        self.tide_path, self.folder = args.tide, Path(args.folder).resolve()
        self.warehouse = self.folder / "warehouse"
        shutil.rmtree(self.warehouse, ignore_errors=True)
        self.warehouse.mkdir(parents=True)
        self.random = random.Random(args.seed)
        self.rows = {}

    def tide(self, *args, text=None):
        command = [self.tide_path, *args, "--warehouse", str(self.warehouse)]
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        if done.returncode:
            fail(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def flink(self, *statements, streaming=False):
        """The last query's lines as (kind, row)."""
        script = "SET 'execution.runtime-mode'='streaming';\n" if streaming else ""
        script += f"CREATE CATALOG lake WITH ('type'='paimon', 'warehouse'='{self.warehouse}');\nUSE CATALOG lake;\n"
        script += ";\n".join(statements) + ";\n"
        command = [str(HERE / "flink.sh"), str(self.folder / "flink"), str(self.warehouse), "-"]
        done = subprocess.run(command, input=script, capture_output=True, text=True)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        errors = [line["error"] for line in lines if "error" in line]
        if done.returncode or errors:
            fail(f"Flink: {errors or done.stderr[-2000:]}")
        last = max((line["stmt"] for line in lines if "op" in line), default=0)
        return [(line["op"], line["row"]) for line in lines if line.get("stmt") == last and "op" in line]

    # What is done to the table, and to the dictionary.

    def tide_writes(self, count):
        lines = []
        for _ in range(count):
            row = self.draw()
            key = (row["region"], row["id"])
            gone = key in self.rows and self.random.random() < 0.2
            lines.append(json.dumps({"_kind": "-D" if gone else "+I", **row}))
            self.rows.pop(key, None)
            if not gone:
                self.rows[key] = row
        self.tide("table", "import", TABLE, "-", "--format", "ndjson", text="\n".join(lines) + "\n")

    def draw(self):
        draw = self.random
        return {
            "region": draw.choice(["north", "south", "über/west"]),
            "id": draw.randrange(400),
            "name": draw.choice([None, "bolt", "nut", "gear – large", ""]),
            "price": f"{draw.randrange(10**6) / 100:.2f}",
            "amount": draw.choice([None, draw.randrange(-5, 1000)]),
            "changed": f"2026-0{draw.randrange(1, 10)}-11T0{draw.randrange(10)}:00:00.{draw.randrange(1000):03}000000",
        }

    def flink_upserts(self):
        self.flink(
            f"INSERT INTO {TABLE} SELECT region, id + 1000, name, price, amount + 1, changed FROM {TABLE} WHERE id < 100",
            f"INSERT INTO {TABLE} SELECT region, id, 'from flink', CAST(price + 1 AS DECIMAL(12, 2)), amount, changed"
            f" FROM {TABLE} WHERE id BETWEEN 100 AND 200",
            f"DELETE FROM {TABLE} WHERE id BETWEEN 300 AND 330",
        )
        for (region, number), row in list(self.rows.items()):
            if number < 100:
                amount = None if row["amount"] is None else row["amount"] + 1
                self.rows[(region, number + 1000)] = {**row, "id": number + 1000, "amount": amount}
            if 100 <= number <= 200:
                price = f"{float(row['price']) + 1:.2f}"
                self.rows[(region, number)] = {**row, "name": "from flink", "price": price}
            if 300 <= number <= 330:
                del self.rows[(region, number)]

    # What both say of it.

    def agree(self, when):
        expected = sorted(json.dumps([self.rows[key][column] for column in COLUMNS]) for key in self.rows)
        ours = [json.loads(line) for line in self.tide("table", "read", TABLE, "--format", "ndjson").splitlines()]
        self.same(f"tide, {when}", expected, [[normal(row)[column] for column in COLUMNS] for row in ours])
        theirs = self.flink(f"SELECT * FROM {TABLE}")
        self.same(f"Flink, {when}", expected, [list(normal(dict(zip(COLUMNS, row))).values()) for _, row in theirs])
        print(f"{when}: {len(expected)} rows, the same in tide and Flink", flush=True)

    def streams_agree(self, when):
        expected = sorted(json.dumps([self.rows[key][column] for column in COLUMNS]) for key in self.rows)
        ours = self.tide("tail", TABLE, "--from", "snapshot:1", "--kinds", "--format", "ndjson", "--until-idle", "2s")
        changes = [json.loads(line) for line in ours.splitlines()]
        changes = [(change.pop("_kind"), normal(change)) for change in changes]
        self.same(f"tide's stream, {when}", expected, applied(changes))
        theirs = self.flink(
            "SET 'stop.after-ms'='30000'",
            f"SELECT * FROM {TABLE} /*+ OPTIONS('scan.mode'='from-snapshot', 'scan.snapshot-id'='1',"
            " 'continuous.discovery-interval'='200 ms') */",
            streaming=True,
        )
        theirs = [(kind, normal(dict(zip(COLUMNS, row)))) for kind, row in theirs]
        self.same(f"Flink's stream, {when}", expected, applied(theirs))
        print(f"{when}: {len(changes)} changes of tide's stream and {len(theirs)} of Flink's add up to the rows", flush=True)

    def same(self, what, expected, rows):
        rows = sorted(json.dumps(row) for row in rows)
        if rows != expected:
            missing, extra = set(expected) - set(rows), set(rows) - set(expected)
            fail(f"{what}: {len(rows)} rows for {len(expected)}; missing {sorted(missing)[:3]}, too many {sorted(extra)[:3]}")

    def run(self):
        schema = self.folder / "schema.json"
        schema.write_text(json.dumps(SCHEMA))
        self.tide("table", "create", TABLE, "--schema", str(schema))
        for turn in range(1, 4):
            for _ in range(4):
                self.tide_writes(120)
            self.tide("compact", TABLE, *(["--full"] if turn == 2 else []))
            self.agree(f"turn {turn}, written and compacted by tide")
            self.flink_upserts()
            self.agree(f"turn {turn}, upserts and deletes by Flink")
            self.flink(f"CALL sys.compact(`table` => '{TABLE}')")
            self.agree(f"turn {turn}, compacted by Flink")
        self.tide_writes(50)
        self.tide("compact", TABLE, "--full")
        self.agree("at the end, compacted in full by tide")
        self.streams_agree("at the end")


def normal(row):
    """A row with its time in one form, and decimals as text."""
    row = {column: row.get(column) for column in COLUMNS}
    if row["changed"] is not None:
        date, _, fraction = str(row["changed"]).replace(" ", "T").partition(".")
        row["changed"] = f"{date}.{fraction:0<9}"
    row["price"] = None if row["price"] is None else f"{float(row['price']):.2f}"
    return row


def applied(changes):
    rows = {}
    for kind, row in changes:
        key = (row["region"], row["id"])
        rows.pop(key, None)
        if kind in ("+I", "+U"):
            rows[key] = [row[column] for column in COLUMNS]
    return list(rows.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tide")
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=1)
    Check(parser.parse_args()).run()
