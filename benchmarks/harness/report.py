"""docs/benchmarks.md: the figures of a run, the marks, and what they were taken on."""


def write(session, arguments):
    pass
