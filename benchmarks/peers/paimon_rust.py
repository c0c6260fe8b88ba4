"""Workloads through the wheel `pypaimon_rust`: one in one process. `paimon_rust.py OP NAME=VALUE..` prints one JSON line.

Operations, arguments and checksums are those of the program `workloads` (tidelake/src). Measured is what the library does
and handing its Arrow batches over; imports, fetching the rows to write and the interpreter's start are not.
"""

import glob
import json
import os
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pypaimon_rust.datafusion import PaimonCatalog

U64 = 1 << 64


class Stopwatch:
    def __init__(self):
        self.cpu_s = self.wall_s = 0.0

    def __enter__(self):
        self.since = time.process_time(), time.monotonic()
        return self

    def __exit__(self, *_):
        self.cpu_s += time.process_time() - self.since[0]
        self.wall_s += time.monotonic() - self.since[1]

    def line(self, line):
        return {**line, "cpu_s": self.cpu_s, "wall_s": self.wall_s}


class Checksum:
    def __init__(self, deep):
        self.deep, self.rows, self.sums = deep, 0, {}

    def add(self, table):
        self.rows += table.num_rows
        for name, column in zip(table.schema.names, table.columns):
            self.note(name, self.sum(column))
            self.note(name + ".nulls", column.null_count)
            if self.deep and pa.types.is_string(column.type):
                self.note(name + ".bytes", sum(map(string_bytes, column.chunks)))

    def note(self, name, value):
        self.sums[name] = (self.sums.get(name, 0) + value) % U64

    @staticmethod
    def sum(column):
        kind = column.type
        if pa.types.is_string(kind):
            return pc.sum(pc.binary_length(column)).as_py() or 0
        if pa.types.is_decimal(kind):
            total = pc.sum(column).as_py()
            return int((total or 0).scaleb(kind.scale))
        chunks = column.chunks
        if pa.types.is_float64(kind) or pa.types.is_timestamp(kind):
            chunks = [chunk.view(pa.int64()) for chunk in chunks]
        elif pa.types.is_date32(kind):
            chunks = [chunk.view(pa.int32()) for chunk in chunks]
        # A sum of 64-bit integers wraps.
        return sum(pc.sum(chunk).as_py() or 0 for chunk in chunks)

    def line(self):
        return {"rows": self.rows, "sums": {name: str(value) for name, value in sorted(self.sums.items())}}


def string_bytes(chunk):
    offsets = np.frombuffer(chunk.buffers()[1], np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    data = chunk.buffers()[2]
    return 0 if data is None else int(np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]].sum(dtype=np.uint64))


def table_of(args):
    return PaimonCatalog({"warehouse": args["warehouse"]}).get_table(args["table"])


def ingest(args):
    table = table_of(args)
    watch, rows = Stopwatch(), 0
    for path in sorted(glob.glob(os.path.join(args["rows"], "*.arrow"))):
        with pa.OSFile(path) as file:
            batches = pa.ipc.open_file(file).read_all().to_batches()
        with watch:
            builder = table.new_batch_write_builder()
            write = builder.new_write()
            for batch in batches:
                write.write_arrow(batch)
                rows += batch.num_rows
            builder.new_commit().commit(write.prepare_commit())
            write.close()
    return watch.line({"rows": rows})


def scan(args):
    table = table_of(args)
    watch, checksum = Stopwatch(), Checksum("deep" in args)
    with watch:
        builder = table.new_read_builder()
        columns = args["columns"].split(",") if "columns" in args else None
        if columns is not None:
            builder.with_projection([column for column in columns if column])
        if "keys" in args:
            least, limit = map(int, args["keys"].split(".."))
            above = {"method": "greaterOrEqual", "field": "k", "literals": [least]}
            below = {"method": "lessThan", "field": "k", "literals": [limit]}
            builder.with_filter({"method": "and", "children": [above, below]})
        if "cat" in args:
            builder.with_filter({"method": "equal", "field": "cat", "literals": [int(args["cat"])]})
        splits = builder.new_scan().plan().splits()
        # Handed to the checksum in large tables: a call for each batch would be Python's time, not the library's.
        batches, held = [], 0
        for batch in builder.new_read().read_arrow(splits):
            batches.append(batch)
            held += batch.num_rows
            if held >= 1 << 18:
                checksum.add(pa.Table.from_batches(batches))
                batches, held = [], 0
        if batches:
            checksum.add(pa.Table.from_batches(batches))
    return watch.line(checksum.line())


def commits(args):
    """As many commits of so many rows; rows are the first of the files."""
    table = table_of(args)
    count, rows = int(args["commits"]), int(args["each"])
    path = sorted(glob.glob(os.path.join(args["rows"], "*.arrow")))[0]
    with pa.OSFile(path) as file:
        source = pa.ipc.open_file(file).read_all()
    batches = [source.slice(at * rows % (source.num_rows - rows + 1), rows).combine_chunks() for at in range(count)]
    batches = [table.to_batches()[0] for table in batches]
    watch, latencies = Stopwatch(), []
    with watch:
        for batch in batches:
            begin = time.monotonic()
            builder = table.new_batch_write_builder()
            write = builder.new_write()
            write.write_arrow(batch)
            builder.new_commit().commit(write.prepare_commit())
            write.close()
            latencies.append(time.monotonic() - begin)
        begin = time.monotonic()
        splits = table.new_read_builder().new_scan().plan().splits()
        plan_s = time.monotonic() - begin
    return watch.line({**summary(latencies), "plan_s": plan_s, "rows": sum(split.row_count() for split in splits)})


def summary(latencies):
    """Milliseconds; the first few commits are left out of `first`."""
    middle = lambda of, at: sorted(of)[min(int(len(of) * at), len(of) - 1)] * 1e3
    tenth = min(max(len(latencies) // 10, 1), 50)
    first = latencies[5 : tenth + 5] or latencies
    p50, p99 = middle(latencies, 0.5), middle(latencies, 0.99)
    return {"p50_ms": p50, "p99_ms": p99, "first_ms": middle(first, 0.5), "last_ms": middle(latencies[-tenth:], 0.5)}


def plan(args):
    """Cold, and again with the same table."""
    watch = Stopwatch()
    line, times = {}, [(time.process_time(), time.monotonic())]
    with watch:
        table = table_of(args)
        for _ in range(2):
            builder = table.new_read_builder()
            if "partition" in args:
                builder.with_filter({"method": "equal", "field": "p", "literals": [int(args["partition"])]})
            line["rows"] = sum(split.row_count() for split in builder.new_scan().plan().splits())
            times.append((time.process_time(), time.monotonic()))
    for name, before, after in (("cold", times[0], times[1]), ("warm", times[1], times[2])):
        line[name + "_cpu_s"], line[name + "_s"] = after[0] - before[0], after[1] - before[1]
    return watch.line(line)


def main():
    op, *words = sys.argv[1:]
    args = dict(word.split("=", 1) for word in words)
    print(json.dumps({"ingest": ingest, "scan": scan, "commits": commits, "plan": plan}[op](args)))


main()
