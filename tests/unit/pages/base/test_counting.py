import numpy as np

from pyapp.pages.base.counting import Count, Predictions

IMAGES, LABELS = np.arange(7, dtype=np.float32)[:, None], np.arange(7) % 3


def reader(shift: int, asked: list):
    """A network that reads the image's number modulo 3, moved by `shift` from image 4 on."""
    def read(x: np.ndarray) -> np.ndarray:
        asked.extend(x[:, 0].astype(int).tolist())
        return np.eye(10)[[(int(n) + shift * int(n >= 4)) % 3 for n in x[:, 0]]]
    return Predictions(read, IMAGES)


def test_it_counts_in_pieces_and_ends_with_the_last_image():
    asked = []
    count = Count(LABELS, reader(0, []), reader(1, asked))
    assert count.scores() == {"counted": 0, "count_of": 7, "float_accuracy": None, "quant_accuracy": None, "changed": 0}
    count.go_on(3)
    assert count.scores()["quant_accuracy"] == 1 and count.scores()["changed"] == 0
    for _ in range(3):
        count.go_on(3)
    assert count.scores() == {"counted": 7, "count_of": 7, "float_accuracy": 1.0, "quant_accuracy": 4 / 7, "changed": 3}
    exact, rounded = count.mistakes()
    assert exact.matrix[:3, :3].tolist() == np.diag([3, 2, 2]).tolist() and np.trace(rounded.matrix) == 4
    assert asked == list(range(7))  # each once
    assert count.mistakes()[0] is exact  # until the count goes on


def test_mistakes_are_those_of_the_images_counted():
    count = Count(LABELS, reader(0, []), reader(1, []))
    count.go_on(3)
    assert np.trace(count.mistakes()[1].matrix) == 3
    count.go_on(4)
    assert count.mistakes()[1].matrix.sum() == 7 and np.trace(count.mistakes()[1].matrix) == 4


def test_while_the_count_goes_on_mistakes_follow_in_steps():
    images, labels = np.zeros((250, 1), np.float32), np.zeros(250, np.int64)
    count = Count(labels, Predictions(lambda x: np.eye(10)[np.zeros(len(x), np.int64)], images), None)
    seen = []
    for _ in range(5):
        count.go_on(56)
        seen.append(len(count.mistakes()[0].labels))
    assert seen == [56, 100, 100, 200, 250]


def test_a_float_network_that_has_read_further_is_judged_on_the_same_images():
    asked = []
    exact = reader(1, asked)
    exact.reach(6)
    count = Count(LABELS, exact, None)
    count.go_on(5)
    scores = count.scores()
    assert scores["float_accuracy"] == 4 / 5 and scores["quant_accuracy"] is scores["changed"] is None
    assert asked == list(range(6))
