"""safetensors files, with all types that the format names.

Format: https://github.com/huggingface/safetensors#format; the types are those of the enumeration Dtype in
safetensors/src/tensor.rs. I4 and U4, which it lacks, are read as ONNX packs them.
"""

from pyapp import safetensors
from pyapp.data.tensors.joined import joined
from pyapp.data.tensors.kinds import KINDS
from pyapp.data.tensors.tensor import LONGEST_NAME, Damaged, Tensor, checked_shape, few
from pyapp.parts import Parts

HEADER = 2**24  # bytes: enough for a hundred thousand tensors
NAMES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3",
    "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8_e8m0", "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz", "F6_E2M3": "float6_e2m3", "F6_E3M2": "float6_e3m2", "F4": "float4_e2m1",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "I4": "int4", "U64": "uint64", "U32": "uint32",
    "U16": "uint16", "U8": "uint8", "U4": "uint4", "BOOL": "bool", "C64": "complex64",
}
BITS = {name: KINDS[kind].bits for name, kind in NAMES.items()}


def read(data: memoryview | Parts, name: str) -> list[Tensor]:
    """The tensors of a file. Damaged, of this package or of `pyapp.safetensors`, if it is not as the format has it."""
    found, _ = safetensors.entries(data, BITS, HEADER)
    few(len(found))
    return joined([_tensor(data, entry) for entry in found])


def _tensor(data: memoryview | Parts, entry: safetensors.Entry) -> Tensor:
    if len(entry.name) > LONGEST_NAME:
        raise Damaged(f"a name of {len(entry.name):,} characters; at most {LONGEST_NAME:,} are read")
    kind, shape = KINDS[NAMES[entry.kind]], checked_shape(entry.name, entry.shape)
    return Tensor(entry.name, shape, NAMES[entry.kind], entry.stop - entry.start,
                  lambda: kind.array(data[entry.start : entry.stop], shape), kind.why,
                  lambda start, stop: kind.part(data[entry.start : entry.stop], start, stop))
