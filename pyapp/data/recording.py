"""A recording of sensors: evenly spaced rows, a column per sensor."""

from dataclasses import dataclass, replace

import numpy as np

from pyapp.data.digits import DataError


@dataclass(frozen=True, eq=False)
class Recording:
    """Evenly spaced values float64 (N, channels). `rate` is in rows per second if `timed`, else 1. `labels`, bool (N,),
    says where the file calls the state faulty; None if it says nothing."""

    name: str
    channels: tuple[str, ...]
    values: np.ndarray
    rate: float = 1.0
    timed: bool = False
    labels: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def unit(self) -> str:
        return "s" if self.timed else "rows"

    @property
    def listed(self) -> str:
        """The names of the channels in words; of many, only the first."""
        return ", ".join(self.channels[:8]) + (f" and {n} more" if (n := len(self.channels) - 8) > 0 else "")

    def of(self, channels: tuple[str, ...]) -> "Recording":
        """Some of the channels, in this order. DataError names one that is not there."""
        for name in channels:
            if name not in self.channels:
                raise DataError(f"{self.name} has no column {name!r}; it has {', '.join(self.channels)}")
        columns = [self.channels.index(name) for name in channels]
        return replace(self, channels=channels, values=self.values[:, columns])

    def chosen(self, names: str) -> "Recording":
        """The channels whose names, separated by commas, are given; all of them if there are none."""
        found = tuple(name.strip() for name in names.split(",") if name.strip())
        return self.of(found) if found else self

    def faulty_after(self, row: int) -> list[tuple[float, float]]:
        """From when to when rows from this one on are called faulty: seconds after it, or rows if it is not timed."""
        if self.labels is None:
            return []
        edges = np.flatnonzero(np.diff(np.concatenate([[0], self.labels[row:].astype(np.int8), [0]]))) / self.rate
        return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))

    def report(self) -> dict:
        """What was understood, as plain data."""
        return {"name": self.name, "kind": "sensor CSV", "rows": len(self.values), "timed": self.timed,
                "rate": self.rate, "faulty": None if self.labels is None else int(self.labels.sum()),
                "channels": [{"name": name, "smallest": float(column.min()), "largest": float(column.max()),
                              "mean": float(column.mean()), "deviation": float(column.std())}
                             for name, column in zip(self.channels, self.values.T, strict=True)],
                "notes": list(self.notes), "skipped": [{"file": at, "reason": why} for at, why in self.skipped]}
