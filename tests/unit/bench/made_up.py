"""Results of the benchmark with made-up times, for tests of what is done with results."""

from typing import Any

from pyapp.bench import results
from pyapp.bench.contestants import OWN, PEERS
from pyapp.bench.growth import GROWTHS, grown

EXPECTED = {"epoch": {"shape": [500, 10], "values": [0.0] * 5000}, "image": {"shape": [1, 2], "values": [1.0, -2.0]},
            "batch": {"shape": [1, 2], "values": [1.0, -2.0]}, "text": {"shape": [4], "values": [1.0, 2.0, 3.0, 4.0]},
            "vit step": {"shape": [1], "values": [2.0]}, "vit image": {"shape": [1, 2], "values": [4.0, -1.0]}}
TIMES = {  # milliseconds of three rounds
    "plain": {"epoch": [400.0, 500.0, 900.0], "image": [0.2, 0.1, 0.1], "batch": [50.0, 50.0, 60.0]},
    "numpy": {"epoch": [200.0, 250.0, 240.0], "image": [0.1, 0.1, 0.1], "batch": [25.0, 20.0, 25.0],
              "text": [60.0, 60.0, 61.0], "vit step": [400.0, 400.0, 400.0], "vit image": [6.0, 6.0, 6.0]},
    "numpy-int8": {"image": [0.2, 0.2, 0.2], "batch": [40.0, 40.0, 40.0]},
    "jax": {"epoch": [100.0, 100.0, 100.0], "image": [0.1, 0.1, 0.1], "batch": [5.0, 5.0, 5.0]},
}
STARTS = {"plain": [{"ms": 50.0, "first_ms": 1.0, "bytes": 7000}],
          "bitladder": [{"ms": 1000.0, "first_ms": 2.0, "bytes": 12_000_000}],
          "jax": [{"ms": 300.0, "first_ms": 90.0, "bytes": 150_000}, {"ms": 500.0, "first_ms": 80.0, "bytes": 150_000}]}
MADE = {"machine": "a processor", "load": 0.1, "browser": "Mozilla/5.0 Chrome/156.0.0.0 Safari", "python": "3.14.2",
        "engine": "Pyodide 314.0.4", "numpy": "2.4.3", "rounds": 3, "packages": {"@jax-js/jax": "0.1.25"}}
PAGE = {"first_visit_ms": 1500.0, "first_visit_to_published": 0.5, "later_visit_ms": 900.0,
        "later_visit_to_published": 0.4, "first_visit_stages": {"download": 90.0, "ready": 1500.0},
        "later_visit_stages": {"ready": 900.0}, "first_visit_bytes": {"plain": 22_000_000, "gzip": 8_400_000}}


def result(times: dict[str, Any] = TIMES, checks: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """Results of those who have times; `checks` are what their work came to where it is not what was expected."""
    contestants = [one for one in (*OWN, *PEERS) if one.name in times]
    found = {who: {name: (checks or {}).get((who, name), EXPECTED[name]) for name in each}
             for who, each in times.items()}
    medians = {"numpy": {growth.name(size): 2.0 * size for growth in GROWTHS for size in growth.sizes}}
    given = {"growth": [grown(growth, medians) for growth in GROWTHS], "page": PAGE, "made": MADE,
             "absent": {"litert": "npm is not installed"}, **parts}
    return results.assembled(contestants, times, found, EXPECTED, STARTS, {"bitladder": 41_000_000, "jax": 124_000_000},
                             given["absent"], given["growth"], given["page"], given["made"])
