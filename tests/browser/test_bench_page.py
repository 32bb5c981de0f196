"""The benchmark's page in Chromium: contestants start, and do the same work as NumPy under CPython."""

import pytest

from pyapp.bench import browser as running
from pyapp.bench import results
from pyapp.bench.contestants import OWN, PEERS
from pyapp.bench.workloads import checked
from pyapp.hosts import HostError


def test_contestants_do_the_same_work_and_one_that_is_not_there_is_absent(browser):
    said, absent = [], {}
    plain, numpy, kernels, _, int8 = OWN
    jax = next(peer for peer in PEERS if peer.name == "jax")
    with running.opened(browser) as fresh:
        bench = fresh()
        bench.server.mounts["bench/peers/node_modules/"] /= "absent"
        works = running.ready(bench, [plain, numpy, kernels, int8, jax], absent, said.append)
        assert absent.keys() == {"jax"} and absent["jax"]
        for one, names in ((plain, ("epoch", "image", "batch")), (numpy, ("epoch", "image", "vit image")),
                           (kernels, ("epoch", "image", "vit image")), (int8, ("image", "product 128x128x128"))):
            assert set(names) < set(works[one.name])
            for name in names:  # int8 too comes to what it comes to here
                expected = checked(name, precision=one.precision)
                found = results.agreement(name, "float32", bench.ask(one, "check", name=name), expected)
                assert found["agrees"], f"{one.name}: {name}, {found}"
        times = running.turns(bench, [plain, numpy], {"plain": ["image"], "numpy": ["image"]}, 2, said.append)
        assert [len(each["image"]) for each in times.values()] == [2, 2]
        assert said[-2:] == ["round 1 of 2: image", "round 2 of 2: image"]
        assert bench.call("memory").keys() >= {"plain", "bitladder"}
        with pytest.raises(HostError, match="text is no work of this contestant"):
            bench.ask(plain, "bench", name="text", repeats=1)
        bench.close()
