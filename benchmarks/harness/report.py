"""docs/benchmarks.md: the figures of a run, the marks, and what they were taken on."""

import os
import statistics

from . import machine, peers

WHAT = {
    "W1": "5 M rows upserted over 2 M keys in 10 commits, 4 buckets, no compaction",
    "W1c": "the same, compacted while written",
    "W1z": "W1 with keys drawn zipf 0.99",
    "W2.full": "merge-on-read scan of W1's table (40 overlapping runs), all columns",
    "W2.two": "two of ten columns",
    "W2.count": "count(*)",
    "W2.range": "a key range of 1 %",
    "W2.value": "a value filter of 0.1 %",
    "W2c.full": "the same after a full compaction",
    "W2c.two": "",
    "W2c.count": "",
    "W2c.range": "",
    "W2c.value": "",
    "W4": "10 M rows appended in 10 commits",
    "W4.full": "scan, all columns",
    "W4.two": "two of ten columns",
    "W4.count": "count(*)",
    "W4.range": "a range of 1 % of a column without order",
    "W4.value": "a value filter of 0.1 %",
    "W5": "1,000 commits of 100 rows, one writer; the floor syncs as many files and folders and does nothing else",
    "W6.all": "plan of 100,000 files in 1,000 partitions: first in a process, and again",
    "W6.one": "the same of one partition",
    "W7": "commits of 1,000 rows every 200 ms: from a commit's return to its rows in hand",
}

# Workload, figure, most, against: the figure of another implementation, of another workload, or a number of milliseconds.
MARKS = [
    ("W1", "cpu_s", 0.35, ("W1", "paimon-rust", "cpu_s")),
    ("W1", "wall_s", 0.2, ("W1", "paimon-rust", "wall_s")),
    ("W1c", "cpu_s", 1.0, ("W1", "paimon-rust", "cpu_s")),
    ("W1c", "cpu_s", 0.1, ("W1c", "java", "cpu_s")),
    ("W2.full", "cpu_s", 0.45, ("W2.full", "paimon-rust", "cpu_s")),
    ("W2.two", "cpu_s", 0.25, ("W2.two", "paimon-rust", "cpu_s")),
    ("W2.count", "cpu_s", 0.25, ("W2.count", "paimon-rust", "cpu_s")),
    ("W2.value", "cpu_s", 0.25, ("W2.value", "paimon-rust", "cpu_s")),
    ("W2c.full", "cpu_s", 0.75, ("W2c.full", "paimon-rust", "cpu_s")),
    ("W4", "cpu_s", 0.85, ("W4", "paimon-rust", "cpu_s")),
    ("W4", "wall_s", 0.5, ("W4", "paimon-rust", "wall_s")),
    ("W4.full", "cpu_s", 0.5, ("W4.full", "paimon-rust", "cpu_s")),
    ("W5", "p50_ms", 1.5, ("W5", "floor", "p50_ms")),
    ("W5", "last_ms", 1.3, ("W5", "tidelake", "first_ms")),
    ("W6.all", "cold_cpu_s", 0.25, ("W6.all", "paimon-rust", "cold_cpu_s")),
    ("W6.all", "warm_cpu_s", 0.02, ("W6.all", "paimon-rust", "warm_cpu_s")),
    ("W7", "p50_ms", 2, None),
    ("W7", "p99_ms", 8, None),
]

NAMES = {
    "cpu_s": "processor time",
    "wall_s": "wall time",
    "p50_ms": "median",
    "p99_ms": "99th percentile",
    "last_ms": "last commits against the first",
    "cold_cpu_s": "first plan",
    "warm_cpu_s": "again",
}


def write(session, arguments):
    path = os.path.join(os.path.dirname(peers.HERE), "docs", "benchmarks.md")
    with open(path, "w") as file:
        file.write("\n".join(lines(session, arguments)) + "\n")


def lines(session, arguments):
    yield "# Benchmarks"
    yield ""
    yield "Written by `benchmarks/run`; do not edit. Every figure is the median of the rounds of one run, in which the implementations"
    yield "took turns; absolute times are this machine's, ratios travel. *CPU* is user and system time of all threads while the workload"
    yield "ran (without the start of the process and fetching the rows to write), *wall* the time that passed, *peak* the memory of the"
    yield "whole process. All answers had the same number of rows and the same sums over every column."
    yield ""
    yield f"    benchmarks/run {' '.join(arguments)}".rstrip()
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| machine | {machine.describe()} |"
    yield f"| load | {session.load_before:.1f} before the run, {machine.busy():.1f} after; above a few tenths, wall times say little and ratios of CPU are rough |"
    yield f"| size | {session.scale:g} of that in the table below, {session.repeat} rounds after one that only checked |"
    for peer in session.peers.values():
        yield f"| {peer.name} | {peer.version} |"
    yield ""
    yield "The rows: ten columns of integers, decimals, doubles with nulls, timestamps, dates and strings of few, many and only different"
    yield "values, about 120 bytes a row. Scans of tables read the files that Tidelake wrote, whoever reads; the *floor* is hand-written"
    yield "arrow-rs on plain Parquet files of its own, without snapshots, and plain `fsync` for W5."
    yield ""
    yield "## Figures"
    yield ""
    yield "| workload | | " + " | ".join(f"{name}: CPU / wall s, peak MiB" for name in session.peers) + " | CPU against paimon-rust |"
    yield "|---|---|" + "---|" * len(session.peers) + "---|"
    for workload in WHAT:
        if any((workload, name) in session.figures for name in session.peers):
            yield row(session, workload)
    yield ""
    yield from latencies(session)
    yield "## Marks"
    yield ""
    yield "| workload | figure | at most | is | |"
    yield "|---|---|---|---|---|"
    for workload, figure, most, against in MARKS:
        yield mark(session, workload, figure, most, against)
    if session.notes:
        yield ""
        yield "## Not done"
        yield ""
        for (workload, name), note in session.notes.items():
            yield f"- {workload}, {name}: {note}"


def row(session, workload):
    cells = []
    for name in session.peers:
        cpu, wall, peak = (median(session, workload, name, figure) for figure in ("cpu_s", "wall_s", "peak_mib"))
        cells.append("" if cpu is None else f"{cpu:.3f} / {wall:.3f}, {peak:.0f}")
    own, other = median(session, workload, "tidelake", "cpu_s"), median(session, workload, "paimon-rust", "cpu_s")
    ratio = f"{own / other:.2f}" if own is not None and other else ""
    return f"| {workload} | {WHAT[workload]} | " + " | ".join(cells) + f" | {ratio} |"


def latencies(session):
    shown = [(w, n) for (w, n) in session.figures if w in ("W5", "W6.all", "W6.one", "W7")]
    if not shown:
        return
    yield "| workload | | median ms | 99th percentile ms | first ms | last ms | first plan CPU s | again |"
    yield "|---|---|---|---|---|---|---|---|"
    for workload, name in shown:
        figures = ("p50_ms", "p99_ms", "first_ms", "last_ms", "cold_cpu_s", "warm_cpu_s")
        values = (median(session, workload, name, figure) for figure in figures)
        yield f"| {workload} | {name} | " + " | ".join("" if value is None else f"{value:.4g}" for value in values) + " |"
    yield ""


def mark(session, workload, figure, most, against):
    value = median(session, workload, "tidelake", figure)
    unit = " ms"
    if against is not None:
        unit = f" of {against[1]}" + (f" ({against[0]})" if against[0] != workload else "")
        other = median(session, *against)
        value = value / other if value is not None and other else None
    said = "not measured" if value is None else f"{value:.2f}"
    verdict = "" if value is None else "reached" if value <= most else "**missed**"
    return f"| {workload} | {NAMES[figure]} | {most:g}{unit} | {said} | {verdict} |"


def median(session, workload, name, figure):
    values = [line[figure] for line in session.figures.get((workload, name), []) if line.get(figure) is not None]
    return statistics.median(values) if values else None
