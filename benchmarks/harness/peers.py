"""The implementations: how each is made ready, and how one operation of it is started."""

import os
import subprocess
import sys

from . import machine

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAMES = ("tidelake", "paimon-rust", "java", "floor")
WHEELS = ("pypaimon-rust==0.4.0", "pyarrow==26.0.1", "numpy")
JAVA = "1.4.2"


class Peer:
    """`command + [operation] + ["name=value", ..]` prints one JSON line."""

    def __init__(self, name, command, prefix="", version="", environment=None):
        self.name, self.command, self.prefix, self.version = name, command, prefix, version
        self.environment = environment or {}

    def line(self, operation, values):
        return self.command + [self.prefix + operation] + [f"{name}={value}" for name, value in values.items()]


def prepared(names, driver):
    """The peers by name; `rows` is the program that makes rows, whoever is measured."""
    driver = driver or built()
    peers = {"rows": Peer("rows", [driver])}
    for name in names:
        peers[name] = MAKE[name](driver)
    return peers


def built():
    """The program `workloads`, as a release of `tide` is built."""
    manifest = os.path.join(HERE, "tidelake", "Cargo.toml")
    target = os.environ.get("CARGO_TARGET_DIR") or machine.cache("benchmarks-target")
    command = ["cargo", "build", "-q", "--release", "--manifest-path", manifest, "--target-dir", target]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return os.path.join(target, "release", "workloads")


def tidelake(driver):
    return Peer("tidelake", [driver], "tidelake-", commit())


def floor(driver):
    return Peer("floor", [driver], "floor-", "arrow-rs")


def commit():
    git = subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return git.stdout.strip() or "unknown"


def paimon_rust(_):
    home = machine.cache("benchmarks-python")
    python, mark = os.path.join(home, "bin", "python"), os.path.join(home, "wanted")
    if not os.path.exists(mark) or open(mark).read() != " ".join(WHEELS):
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *WHEELS]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        with open(mark, "w") as file:
            file.write(" ".join(WHEELS))
    script = os.path.join(HERE, "peers", "paimon_rust.py")
    return Peer("paimon-rust", [python, script], "", WHEELS[0].split("==")[1])


def java(_):
    home = machine.cache("benchmarks-java")
    os.makedirs(home, exist_ok=True)
    paths = os.path.join(home, f"cp-{JAVA}.txt")
    if not os.path.exists(paths):
        script = os.path.join(HERE, "..", "integration-tests", "interop", "oracle", "classpath.sh")
        found = subprocess.run([script, JAVA], check=True, capture_output=True, text=True).stdout
        with open(paths, "w") as file:
            file.write(found)
    with open(paths) as file:
        classes = home + ":" + file.read().strip()
    source = os.path.join(HERE, "peers", "Workloads.java")
    subprocess.run(["javac", "-nowarn", "-d", home, "-cp", classes, source], check=True, stdout=sys.stderr)
    command = ["java", "-Xmx3g", "-XX:ActiveProcessorCount=2", "-cp", classes, "Workloads"]
    return Peer("java", command, "", JAVA)


MAKE = {"tidelake": tidelake, "paimon-rust": paimon_rust, "java": java, "floor": floor}
