"""A page as its tests use it."""

from pyapp.runner import Runner


class Opened:
    """A runner with one open page: advance, change, predict, snapshot, ... are the runner's calls for it."""

    name: str

    def __init__(self, **params):
        self.runner = Runner()
        self.opened = self.runner.open(self.name, params)

    def __getattr__(self, name):
        return lambda *args, **kwargs: getattr(self.runner, name)(self.opened["run"], *args, **kwargs)

    def done(self) -> dict:
        """The frame's scalars after all work is done."""
        answer = self.advance(ms=600_000)
        assert answer["done"]
        return answer["frame"].scalars
