"""Record files that the packages gguf and safetensors write, and the numbers that they say are in them.

    pip install gguf safetensors && python tests/oracles/record_tensor_files.py

Blocks of the K formats, which gguf only reads, are random bytes with small scales.
"""

import tempfile
from importlib.metadata import version
from pathlib import Path

import gguf
import numpy as np
import safetensors
from gguf import GGMLQuantizationType as Type
from gguf.constants import GGML_QUANT_SIZES

OUT = Path(__file__).with_name("tensor_files.npz")
WRITTEN = (Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1)
READ = {Type.Q2_K: (80, 82), Type.Q3_K: (108,), Type.Q4_K: (0, 2), Type.Q5_K: (0, 2), Type.Q6_K: (208,)}
# as safetensors' binding names them: the bits of a number
TYPES = {"float64": 64, "float32": 32, "float16": 16, "bfloat16": 16, "float8_e4m3fn": 8, "float8_e5m2": 8, "int64": 64,
         "int32": 32, "int16": 16, "int8": 8, "uint8": 8, "bool": 8, "float8_e4m3fnuz": 8, "float8_e5m2fnuz": 8,
         "float8_e8m0fnu": 8, "float4_e2m1fn_x2": 4}


def gguf_file(rng: np.random.Generator) -> tuple[bytes, dict[str, np.ndarray]]:
    expected = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_custom_alignment(64)
        writer.add_array("tokenizer.ggml.tokens", ["a", "bc", "é"])
        writer.add_array("numbers", [1, 2, 3])
        x = rng.standard_normal((2, 256)).astype(np.float32)
        for dtype in (np.float32, np.float16, np.int8, np.int32, np.float64):
            name = np.dtype(dtype).name
            expected[name] = (8 * x[:, :3]).astype(dtype)
            writer.add_tensor(name, expected[name])
        for kind in WRITTEN:
            raw = gguf.quants.quantize(x, kind)
            writer.add_tensor(kind.name.lower(), raw, raw_dtype=kind)
            expected[kind.name.lower()] = gguf.quants.dequantize(raw, kind)
        for kind, halves in READ.items():
            raw = rng.integers(0, 256, (2, GGML_QUANT_SIZES[kind][1]), dtype=np.uint8)
            for at in halves:
                raw[:, at : at + 2] = np.float16([[0.01], [-0.02]]).view(np.uint8)
            writer.add_tensor(kind.name.lower(), raw, raw_dtype=kind)
            expected[kind.name.lower()] = gguf.quants.dequantize(raw, kind)
        raw = rng.integers(0, 256, (3, 2 * 17), dtype=np.uint8)
        raw[:, ::17] = 124
        writer.add_tensor("mxfp4", raw, raw_dtype=Type.MXFP4)
        expected["mxfp4"] = gguf.quants.dequantize(raw, Type.MXFP4)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path.read_bytes(), expected


def safetensors_file(rng: np.random.Generator) -> bytes:
    """Tensors (2, 4) of codes; what they stand for is ml_dtypes' matter, or NumPy's."""
    codes = {name: rng.integers(0, 2 if name == "bool" else 256, bits, dtype=np.uint8) for name, bits in TYPES.items()}
    specs = {}
    for name, each in codes.items():  # "_x2": two numbers a byte, and a shape in bytes
        specs[name] = safetensors.TensorSpec(dtype=name, shape=[2, 4 // (2 if name.endswith("_x2") else 1)],
                                             data_ptr=each.ctypes.data, data_len=each.nbytes)
    return bytes(safetensors.serialize(specs, {"made": "by safetensors"}))


if __name__ == "__main__":
    rng = np.random.default_rng(19)
    data, expected = gguf_file(rng)
    made = f"gguf {version('gguf')}, safetensors {safetensors.__version__}"
    np.savez_compressed(OUT, made_by=made, gguf=np.frombuffer(data, np.uint8),
                        safetensors=np.frombuffer(safetensors_file(rng), np.uint8),
                        **{f"gguf.{name}": each for name, each in expected.items()})
    print(OUT.stat().st_size, made)
