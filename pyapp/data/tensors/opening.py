"""Any file of tensors, opened by what its first bytes say it is: a list, without reading the numbers."""

import mmap
from collections.abc import Callable
from pathlib import Path

from pyapp import files, npz, protobuf, safetensors
from pyapp.data.tensors import csv_file, gguf, numpy_files, onnx, safetensors_file, tflite
from pyapp.data.tensors.tensor import WRONG, Damaged, Tensor
from pyapp.parts import Parts
from pyapp.safetensors import shown
from pyapp.store import StoreError

Reader = Callable[[memoryview | Parts, str], list[Tensor]]
BEGINNINGS: tuple[tuple[int, bytes, str, Reader], ...] = (
    (0, npz.MAGIC, ".npy", numpy_files.npy), (0, b"PK\x03\x04", ".npz", numpy_files.zipped),
    (0, b"PK\x05\x06", ".npz", numpy_files.zipped), (0, gguf.MAGIC, ".gguf", gguf.read),
    (4, tflite.MAGIC, ".tflite", tflite.read))
ENDINGS: dict[str, tuple[str, Reader]] = {  # of files that no first bytes tell
    ".safetensors": (".safetensors", safetensors_file.read), ".onnx": (".onnx", onnx.read),
    ".csv": (".csv", csv_file.read), ".tsv": (".csv", csv_file.read), ".txt": (".csv", csv_file.read)}
READ = ".npy, .npz, .safetensors, .onnx, .gguf, .tflite and .csv"

# Files that run code when they are loaded, or need a large library: what they are, and the one line that converts them.
TORCH = ("a PyTorch file, which can run code when it is loaded",
         """python -c "import torch, safetensors.torch as s; s.save_file(torch.load('{0}', weights_only=True), """
         """'{1}.safetensors')" """.strip())
PICKLE = ("a Python pickle, which can run code when it is loaded",
          """python -c "import pickle, numpy; numpy.savez('{1}.npz', **pickle.load(open('{0}', 'rb')))" """.strip())
HDF5 = ("an HDF5 file, which can hold Keras layers that run code",
        """python -c "import h5py, numpy; d = {{}}; h5py.File('{0}').visititems(lambda n, x: d.update({{n: x[()]}}) """
        """if isinstance(x, h5py.Dataset) else None); numpy.savez('{1}.npz', **d)" """.strip())
KERAS = ("a Keras file, which can hold layers that run code",
         """python -c "import keras, numpy; numpy.savez('{1}.npz', **{{w.path: w.numpy() for w in """
         """keras.models.load_model('{0}').weights}})" """.strip())
REFUSED = {".pt": TORCH, ".pth": TORCH, ".ckpt": TORCH, ".pkl": PICKLE, ".pickle": PICKLE, ".joblib": PICKLE,
           ".h5": HDF5, ".hdf5": HDF5, ".keras": KERAS}
HDF5_MAGIC, PICKLED = b"\x89HDF\r\n\x1a\n", tuple(b"\x80" + bytes([version]) for version in range(2, 6))


def open_tensors(source: str | Path | bytes | memoryview | Parts, name: str = "") -> list[Tensor]:
    """The tensors of a file, named by its path or given as bytes or Parts: names, shapes and types at once, the
    numbers of each when they are wanted. A file that is named is mapped into memory, not read; do not change it
    meanwhile.

    StoreError says why a file cannot be used, and of one that would run code how to convert it; OSError that it cannot
    be opened.
    """
    if isinstance(source, str | Path):
        name, data = name or Path(source).name, _mapped(Path(source))
    elif isinstance(source, Parts):
        name, data = name or "the file", source
    else:
        name, data = name or "the file", memoryview(source).cast("B") if len(source) else memoryview(b"")
    kind, reader = _kind(data, name)
    try:
        return reader(data, Path(name).stem)
    except (Damaged, npz.Damaged, safetensors.Damaged, protobuf.Malformed) as error:
        found = f"{name}: expected a {kind} file, found {error}"
        raise StoreError(_refusal(TORCH, name) if "torch.save" in str(error) else found) from None
    except WRONG as error:
        raise StoreError(f"{name}: expected a {kind} file, found a damaged one ({error})") from None


def _mapped(path: Path) -> memoryview:
    """The bytes of a file: mapped where the system can do that, or else read."""
    with open(path, "rb") as file:
        try:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError):  # a pipe, an empty file, or a system without it
            return memoryview(files.read(path))


def _kind(data: memoryview | Parts, name: str) -> tuple[str, Reader]:
    """What a file is, and what reads it. StoreError if nothing does."""
    head, ending = bytes(data[:16]), Path(name).suffix.lower()
    if ending in REFUSED:
        raise StoreError(_refusal(REFUSED[ending], name))
    if data[: len(files.LFS)] == files.LFS:
        raise StoreError(f"{name}: {files.NOT_FETCHED}")
    for at, magic, kind, reader in BEGINNINGS:
        if head[at:].startswith(magic):
            return kind, reader
    if head.startswith(HDF5_MAGIC):
        raise StoreError(_refusal(HDF5, name))
    if ending in ENDINGS:
        return ENDINGS[ending]
    if head.startswith(PICKLED):
        raise StoreError(_refusal(PICKLE, name))
    if safetensors.recognises(head):
        return ENDINGS[".safetensors"]
    raise StoreError(f"{name}: {'an empty file' if not head else f'a file that begins with {head[:8]!r}'}; use one of "
                     f"{READ}")


def _refusal(kind: tuple[str, str], name: str) -> str:
    what, line = kind
    plain = shown(name)[1:-1].replace("'", "")
    return f"{name}: {what}, so it is not opened; convert it with: {line.format(plain, Path(plain).stem)}"
