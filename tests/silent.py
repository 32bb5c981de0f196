"""A module of tests that runs nothing, and does not say why, fails the run: inside Pyodide nobody would miss it."""

from collections import defaultdict

EMPTY = "got empty parameter set"  # pytest's reason for a test whose list of cases is empty: nobody has decided that


class Silent:
    """A plugin of pytest that knows of every module whether one of its tests ran, or why not."""

    def __init__(self):
        self.modules, self.ran, self.reasons = set(), set(), defaultdict(set)

    @property
    def silent(self) -> list[str]:
        return sorted(self.modules - self.ran - self.reasons.keys())

    def pytest_collectreport(self, report):
        if report.nodeid.endswith(".py"):
            self.modules.add(report.nodeid)
            self._hear(report)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and not report.skipped:
            self.ran.add(report.nodeid.partition("::")[0])
        self._hear(report)

    def _hear(self, report):
        if report.skipped and EMPTY not in (reason := report.longrepr[2]):
            self.reasons[report.nodeid.partition("::")[0]].add(reason)

    def pytest_sessionfinish(self, session):
        if session.exitstatus != 0:
            self.modules.clear()  # another fault, which may have ended the run before they came
        if self.silent:
            session.exitstatus = 1

    def pytest_terminal_summary(self, terminalreporter):
        for module in self.silent:
            terminalreporter.write_line(f"{module} runs no test here and does not say why: skip it with a reason")
