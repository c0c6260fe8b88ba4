"""One run: where things are, measurements, and whether all agree."""

import json
import os
import shutil
import subprocess
import tempfile

from . import machine


class Failed(Exception):
    """An implementation could not do it; the last line it said."""


class Session:
    def __init__(self, folder, scale, check, repeat, peers, keep):
        self.scale, self.check, self.repeat, self.keep = scale, check, repeat, keep
        self.load_before = machine.busy()
        self.rows_program = peers.pop("rows")
        self.peers = peers
        self.folder = folder
        self.warehouse = os.path.join(folder, "tables")
        shutil.rmtree(self.warehouse, ignore_errors=True)
        os.makedirs(self.warehouse)
        # (workload, peer) -> its measurements
        self.figures = {}
        self.notes = {}
        self.faults = []
        self.agreed = 0

    def scaled(self, count):
        return max(1, int(count * self.scale))

    def rows(self, rows, keys, commits, distribution):
        """A folder with the rows of a workload; made once."""
        rows, keys = self.scaled(rows), self.scaled(keys)
        folder = os.path.join(self.folder, "rows", f"{distribution}-{rows}-{keys}-{commits}")
        if not os.path.exists(os.path.join(folder, "done")):
            values = {"dir": folder, "rows": rows, "keys": keys, "commits": commits, "distribution": distribution}
            run(self.rows_program.line("rows", values))
            open(os.path.join(folder, "done"), "w").close()
        return folder

    def create(self, values):
        """An empty table. The metadata of a table is one format, so one program makes it for everybody."""
        run([*self.rows_program.command, "tidelake-create", *(f"{name}={value}" for name, value in values.items())])

    def plain(self, peer, operation, **values):
        """Runs something that is not measured."""
        return run(self.peers[peer].line(operation, values))[0]

    def measure(self, workload, operation, values_of, names=None, prepare=None, compare=True):
        """Rounds of an operation, each by all implementations in turn; `values_of(peer)` are its arguments. Of scans there is
        a first, unmeasured round that sums strings by all their bytes. What an implementation cannot do is noted and left out."""
        names = [name for name in self.peers if names is None or name in names]
        first = 0 if self.check or operation == "scan" else 1
        for round in range(first, 1 if self.check else self.repeat + 1):
            answers = {}
            for name in list(names):
                values = dict(values_of(name))
                if round == 0 and operation == "scan":
                    values["deep"] = 1
                if prepare:
                    prepare(name)
                try:
                    answer, usage = run(self.peers[name].line(operation, values))
                except Failed as failure:
                    self.notes[workload, name] = str(failure)
                    print(json.dumps({"workload": workload, "peer": name, "failed": str(failure)}), flush=True)
                    names.remove(name)
                    if name == "tidelake":
                        self.faults.append(f"{workload}: tidelake failed: {failure}")
                    continue
                answers[name] = {"rows": answer.get("rows"), "sums": answer.get("sums")}
                line = {"workload": workload, "peer": name, "round": round, **answer, **usage}
                print(json.dumps(line), flush=True)
                if round > 0:
                    self.figures.setdefault((workload, name), []).append(line)
            if compare:
                self.compare(workload, answers)

    def compare(self, workload, answers):
        """All answers are one."""
        for name, answer in list(answers.items())[1:]:
            first, other = next(iter(answers.items()))
            if answer == other:
                self.agreed += 1
            else:
                self.faults.append(f"{workload}: {name} says {answer}, {first} says {other}")

    def clean(self):
        if not self.keep:
            shutil.rmtree(self.warehouse, ignore_errors=True)


def run(command):
    """The JSON line a process printed, and what it used: processor seconds and peak memory of it and its children."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said = err.read().decode(errors="replace").strip()
        if process.returncode != 0:
            raise Failed((said.splitlines() or [f"exit code {process.returncode}"])[-1])
        answer = json.loads(out.read().decode().strip().splitlines()[-1])
    process_s = usage.ru_utime + usage.ru_stime
    return answer, {"process_cpu_s": round(process_s, 3), "peak_mib": round(usage.ru_maxrss / 1024)}

