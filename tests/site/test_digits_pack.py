"""MNIST's own files from rows: the split, the headers, and rows that are no digits."""

import pytest
from small_site import IDX, csv_gz

from pyapp.site.digits import digits_pack
from pyapp.site.terminal import Failure


def test_digits_are_split_by_class_in_their_order():
    train, train_labels, test, test_labels = IDX
    assert train[:16] == bytes([0, 0, 8, 3, 0, 0, 7, 208, 0, 0, 0, 28, 0, 0, 0, 28])
    assert test[:16] == bytes([0, 0, 8, 3, 0, 0, 11, 184, 0, 0, 0, 28, 0, 0, 0, 28])
    assert train_labels == bytes([0, 0, 8, 1, 0, 0, 7, 208]) + bytes(c for c in range(10) for _ in range(200))
    assert test_labels == bytes([0, 0, 8, 1, 0, 0, 11, 184]) + bytes(c for c in range(10) for _ in range(300))
    for images, numbers in ((train, range(200)), (test, range(200, 500))):
        assert len(images) == 16 + 10 * len(numbers) * 784
        starts = [images[at : at + 3] for at in range(16, len(images), 784)]
        assert starts == [bytes([c, n % 256, n // 256]) for c in range(10) for n in numbers]


@pytest.mark.parametrize(("content", "said"), [
    (csv_gz(499), "expected 500 of each"),
    (csv_gz(last=b"1,2,3\n"), "Row 5001 "),
    (csv_gz(last=b"256" + b",0" * 784), "Row 5001 "),
    (csv_gz(last=b"0" + b",0" * 783 + b",10"), "Row 5001 "),
    (csv_gz(last=b"0" + b",0" * 785), "Row 5001 "),
], ids=["too few", "too short", "no pixel", "no label", "too long"])
def test_other_digits_are_refused(content, said):
    with pytest.raises(Failure, match=said):
        list(digits_pack(content))
