"""Results in pieces: in order, nothing twice, and begun again when what is read has changed."""

from pyapp.pages.base.readings import Readings


def counting(log):
    def read(key):
        for piece in range(2):
            log.append((key, piece))
            yield None
        yield key * 10
    return read


def work(readings) -> int:
    pieces = 0
    while readings.work():
        pieces += 1
    return pieces


def test_results_come_in_order_and_nothing_is_read_twice():
    log = []
    readings = Readings(counting(log))
    readings.want([3, 1, 3])
    readings.want([1, 2])
    assert readings.pending == 3 and work(readings) == 9
    assert readings.results == {3: 30, 1: 10, 2: 20} and list(readings.results) == [3, 1, 2]
    readings.want([2, 3])
    assert readings.pending == 0 and not readings.work() and len(log) == 6


def test_beginning_again_drops_what_is_under_way():
    log = []
    readings = Readings(counting(log))
    readings.want([1, 2])
    readings.work()
    readings.begin_again([2])
    assert readings.results == {} and readings.pending == 1
    work(readings)
    assert readings.results == {2: 20} and log == [(1, 0), (2, 0), (2, 1)]
