"""Prints the rows of a table as pypaimon reads them: pypaimon_read.py WAREHOUSE DB.TABLE

One JSON object per row, without spaces, sorted; whole numbers, booleans, strings, doubles and dates as the canonical form has them.
"""

import json
import sys

from pypaimon import CatalogFactory


def canonical(value):
    return value.isoformat() if hasattr(value, "isoformat") else value


def main():
    warehouse, name = sys.argv[1:]
    table = CatalogFactory.create({"warehouse": warehouse}).get_table(name)
    builder = table.new_read_builder()
    rows = builder.new_read().to_arrow(builder.new_scan().plan().splits())
    lines = [
        json.dumps({key: canonical(value) for key, value in row.items()}, separators=(",", ":"), ensure_ascii=False)
        for row in ([] if rows is None else rows.to_pylist())
    ]
    sys.stdout.reconfigure(encoding="utf-8")
    print("\n".join(sorted(lines, key=str.encode)))


main()
