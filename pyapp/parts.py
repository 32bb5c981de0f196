"""A file that is read in parts, each when it is wanted: sliced like a memoryview, it holds a few blocks at a time."""

from collections.abc import Callable
from functools import lru_cache

BLOCK, BLOCKS = 2**16, 16  # bytes of a block, and blocks that are kept: headers are read in small steps
SMALL = 1024  # bytes: names, shapes and offsets are read at once
PIECE = 2**20  # bytes that are asked for at a time: a browser holds larger ones long after they were read
AHEAD = 2**18  # bytes of a slice for which the rest of its piece is read as well: its neighbour is next

Read = Callable[[int, int], bytes]


class Parts:
    """Bytes `start` to `stop` of a file. A slice of at most SMALL bytes is a memoryview of what it holds; a longer one
    is Parts again, and reads nothing until `held` asks for its bytes."""

    def __init__(self, read: Read, size: int):
        """`read(start, stop)` gives these bytes of a file of `size` bytes."""
        self.read, self.start, self.stop = read, 0, size
        self.block = lru_cache(BLOCKS)(lambda i: read(i * BLOCK, min((i + 1) * BLOCK, size)))
        self.piece = lru_cache(1)(lambda i: read(i * PIECE, min((i + 1) * PIECE, size)))

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, key: int | slice) -> "int | memoryview | Parts":
        if not isinstance(key, slice):
            at = self.start + range(len(self))[key]
            return self.block(at // BLOCK)[at % BLOCK]
        start, stop, _ = key.indices(len(self))
        start, stop = self.start + start, self.start + max(start, stop)
        if stop - start <= SMALL:
            return memoryview(_cut(self.block, BLOCK, start, stop))
        part = object.__new__(Parts)
        part.read, part.block, part.piece, part.start, part.stop = self.read, self.block, self.piece, start, stop
        return part

    def __bytes__(self) -> bytes:
        return bytes(self.held())

    def held(self) -> memoryview:
        """All of its bytes, in memory."""
        if AHEAD <= len(self) <= PIECE:
            return memoryview(_cut(self.piece, PIECE, self.start, self.stop))
        whole = bytearray(len(self))
        for at in range(self.start, self.stop, PIECE):
            until = min(at + PIECE, self.stop)
            whole[at - self.start : until - self.start] = self.read(at, until)
        return memoryview(whole)


def _cut(block: Callable[[int], bytes], size: int, start: int, stop: int) -> bytes:
    """These bytes out of blocks of `size` bytes, of which at most two have a part of them."""
    i = start // size
    found = block(i)[start - i * size : stop - i * size] if stop > start else b""
    return found + block(i + 1)[: stop - (i + 1) * size] if stop > (i + 1) * size else found


def held(data: bytes | memoryview | Parts) -> memoryview:
    """The bytes in memory: those of Parts are read for it."""
    return data.held() if isinstance(data, Parts) else memoryview(data)
