"""What the figures were taken on."""

import os
import platform


def cache(name):
    """A folder outside of the repository, kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "tidelake", name)


def describe():
    """Processor, cores, memory, system: one line."""
    model = first("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()
    memory = int((first("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / (1 << 20)
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def busy():
    """How many processes wanted a core in the last minute: above a few tenths, wall times mean little."""
    return os.getloadavg()[0]


def first(path, name):
    try:
        with open(path) as lines:
            return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), None)
    except OSError:
        return None
