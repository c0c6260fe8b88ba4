"""The workloads. Each takes a session; sizes are those of scale 1."""

import os
import shutil

ZSTD = "file.format:parquet,file.compression:zstd"
# Scans: columns, key range, value filter. Arguments are those of the operation `scan`.
VARIANTS = ("full", "two", "count", "range", "value")


def table_of(session, name, table, options, key):
    """A new table for an implementation, empty: (what identifies it, how it is made anew). All have the same schema file."""
    if name == "floor":
        place = os.path.join(session.warehouse, "floor", table)
        values = {"table": place, **({"key": 1} if key else {})}
        return values, lambda: shutil.rmtree(place, ignore_errors=True)
    warehouse = os.path.join(session.warehouse, name)
    values = {"warehouse": warehouse, "table": f"b.{table}"}

    def fresh():
        shutil.rmtree(os.path.join(warehouse, "b.db", table), ignore_errors=True)
        create = {**values, "options": options, **({"key": "k"} if key else {})}
        session.create(create)

    return values, fresh


def ingest(session, workload, table, rows, options, key, names=None):
    """Every implementation writes the rows into a table of its own; Tidelake reads all of them, and they are the same."""
    tables = {name: table_of(session, name, table, options, key) for name in session.peers}
    session.measure(
        workload,
        "ingest",
        lambda name: {**tables[name][0], "rows": rows},
        [name for name in tables if names is None or name in names],
        prepare=lambda name: tables[name][1](),
    )
    answers = {}
    for name, (values, _) in tables.items():
        if (workload, name) in session.notes or (names is not None and name not in names):
            continue
        answers[name] = session.plain("floor" if name == "floor" else "tidelake", "scan", **values, deep=1)
    session.compare(f"{workload}, rows read back", {name: (a["rows"], a["sums"]) for name, a in answers.items()})
    return {name: values for name, (values, _) in tables.items()}


def scans(session, workload, tables, keys, names=None, variants=VARIANTS):
    """All read the table that Tidelake wrote; the floor its own."""
    arguments = {
        "full": {},
        "two": {"columns": "k,price"},
        "count": {"columns": ""},
        "range": {"keys": f"{keys // 2}..{keys // 2 + keys // 100}"},
        "value": {"cat": 7},
    }
    for variant in variants:
        session.measure(
            f"{workload}.{variant}",
            "scan",
            lambda name: {**tables["floor" if name == "floor" else "tidelake"], **arguments[variant]},
            [name for name in session.peers if names is None or name in names],
        )


UPSERTS = {"rows": 5_000_000, "keys": 2_000_000, "commits": 10}
KEYED = f"bucket:4,{ZSTD}"


def w1(session):
    rows = session.rows(**UPSERTS, distribution="uniform")
    session.upserted = ingest(session, "W1", "w1", rows, KEYED + ",write-only:true", key=True)


def w1c(session):
    rows = session.rows(**UPSERTS, distribution="uniform")
    ingest(session, "W1c", "w1c", rows, KEYED, key=True, names=("tidelake", "java"))


def w1z(session):
    rows = session.rows(**UPSERTS, distribution="zipf")
    ingest(session, "W1z", "w1z", rows, KEYED + ",write-only:true", key=True)


def upserted(session):
    """The tables of W1, also where W1 itself was not asked for."""
    if not hasattr(session, "upserted"):
        rows = session.rows(**UPSERTS, distribution="uniform")
        session.upserted = written(session, "w1", rows, KEYED + ",write-only:true", key=True)
    return session.upserted


def written(session, table, rows, options, key):
    """Tables that scans need, without measuring."""
    tables = {}
    for name in ("tidelake", "floor"):
        if name in session.peers:
            tables[name], fresh = table_of(session, name, table, options, key)
            fresh()
            session.plain(name, "ingest", **tables[name], rows=rows)
    return tables


def w2(session):
    scans(session, "W2", upserted(session), session.scaled(UPSERTS["keys"]))


def w2c(session):
    """The same after a full compaction, which is not measured here; the floor has nothing to compact."""
    tables = upserted(session)
    session.plain("tidelake", "compact", **tables["tidelake"])
    scans(session, "W2c", tables, session.scaled(UPSERTS["keys"]), names=("tidelake", "paimon-rust", "java"))
    # What follows must not find a compacted table.
    del session.upserted


APPENDS = {"rows": 10_000_000, "keys": 2_000_000, "commits": 10}


def w4(session):
    rows = session.rows(**APPENDS, distribution="uniform")
    tables = ingest(session, "W4", "w4", rows, f"bucket:-1,{ZSTD}", key=False)
    scans(session, "W4", tables, session.scaled(APPENDS["keys"]))


def w5(session):
    """Small commits. The floor syncs what a commit of Tidelake syncs, and does nothing else."""
    rows = session.rows(rows=200_000, keys=200_000, commits=1, distribution="serial")
    count = max(50, session.scaled(1_000))
    tables = {name: table_of(session, name, "w5", f"bucket:-1,{ZSTD}", key=False) for name in session.peers}
    syncs = {"files": 5, "folders": 3, "dir": os.path.join(session.warehouse, "syncs")}

    def values_of(name):
        own = syncs if name == "floor" else {**tables[name][0], "each": 100, "rows": 100 if name == "tidelake" else rows}
        return {"commits": count, **own}

    names = [name for name in session.peers if name in ("tidelake", "paimon-rust", "floor")]
    session.measure("W5", "commits", values_of, names, prepare=lambda name: tables[name][1](), compare=False)


def w6(session):
    """Plans of a table of many files, all of it and one partition; all plan the table that Tidelake committed."""
    partitions = max(10, session.scaled(1_000))
    values = {"warehouse": os.path.join(session.warehouse, "tidelake"), "table": "b.w6"}
    shutil.rmtree(os.path.join(values["warehouse"], "b.db", "w6"), ignore_errors=True)
    session.create({**values, "partitioned": 1})
    session.plain("tidelake", "files", **values, partitions=partitions, files=partitions * 100)
    names = ("tidelake", "paimon-rust")
    session.measure("W6.all", "plan", lambda _: values, names)
    session.measure("W6.one", "plan", lambda _: {**values, "partition": partitions // 2}, names)


def w7(session):
    """A reader behind a writer."""
    values, fresh = table_of(session, "tidelake", "w7", KEYED.replace("bucket:4", "bucket:1"), key=True)
    arguments = {**values, "commits": max(10, session.scaled(100)), "rows": 1_000, "every_ms": 200}
    session.measure("W7", "tail", lambda _: arguments, ("tidelake",), prepare=lambda _: fresh())


ALL = {"W1": w1, "W1c": w1c, "W1z": w1z, "W2": w2, "W2c": w2c, "W4": w4, "W5": w5, "W6": w6, "W7": w7}
