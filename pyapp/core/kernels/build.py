"""Compile the kernels: `python -m pyapp.core.kernels.build` makes `simd.so` again, bit for bit.

It needs Zig's clang from PyPI (`pip install "bitladder[kernels]"`) and nothing else; `built.json` beside it says from
which sources and with which compiler the committed file was made. With `--native FILE` the system's compiler makes the
same kernels for this machine, with `--sanitize` under AddressSanitizer and UndefinedBehaviorSanitizer: Python takes
them if BITLADDER_KERNELS is their path. That is for tests; NumPy's BLAS is faster there.
"""

import argparse
import hashlib
import importlib.metadata
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from pyapp.core.kernels import HERE

SIMD, BUILT = HERE / "simd.so", HERE / "built.json"
EXACT = ("-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden", "-fPIC",  # no fused multiply-add
         "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-Wno-unknown-pragmas")
WASM = ("--target=wasm32-freestanding", "-O3", "-msimd128", "-mno-extended-const",  # extended constants: not in Node 20
        "-ffreestanding", "-fno-builtin", "-nostdlib")
LINK = ("--no-entry", "-shared", "--experimental-pic", "--strip-all", "--unresolved-symbols=import-dynamic",
        "--export=PyInit_simd")
SANITIZE = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")


def sources() -> list[Path]:
    """The C files that are compiled."""
    return sorted(HERE.glob("*.c"))


def sources_hash() -> str:
    """sha256 over all that decides the result: the C files and those that they include."""
    digest = hashlib.sha256()
    for path in sorted([*sources(), *HERE.glob("*.h"), *HERE.glob("*.inc")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def for_the_page(out: Path) -> None:
    """The kernels as a CPython extension for WebAssembly."""
    zig = [sys.executable, "-m", "ziglang"]
    with tempfile.TemporaryDirectory() as folder:
        objects = [Path(folder) / f"{source.stem}.o" for source in sources()]
        for source, made in zip(sources(), objects, strict=True):
            _run(*zig, "cc", *WASM, *EXACT, "-c", source, "-o", made)
        linked = Path(folder) / out.name
        _run(*zig, "wasm-ld", *LINK, "-o", linked, *objects)
        _write(out, linked.read_bytes())


def for_this_machine(out: Path, sanitize: bool = False) -> None:
    """The kernels as a CPython extension for this machine, by the system's compiler, if asked with its sanitizers."""
    _run("cc", *(SANITIZE if sanitize else ("-O2",)), *EXACT, "-shared", *sources(), "-o", out, "-lm")


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=HERE)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command[:4]))} ... failed:\n{done.stderr.strip()}")


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pyapp.core.kernels.build", description=__doc__.split("\n")[0])
    parser.add_argument("--native", type=Path, metavar="FILE", help="for this machine instead, into this file")
    parser.add_argument("--sanitize", action="store_true", help="with --native: stop at any undefined behaviour")
    given = parser.parse_args()
    if given.native:
        return for_this_machine(given.native.resolve(), given.sanitize)
    try:
        compiler = f"ziglang {importlib.metadata.version('ziglang')}"
    except importlib.metadata.PackageNotFoundError:
        raise SystemExit('Zig\'s compiler is not installed; run: pip install "bitladder[kernels]"') from None
    for_the_page(SIMD)
    content = SIMD.read_bytes()
    made = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "sources": sources_hash(),
            "compiler": compiler}
    _write(BUILT, f"{json.dumps(made, indent=1)}\n".encode())
    print(f"{SIMD.name}: {made['bytes']:,} bytes, sha256 {made['sha256']}, by {compiler}")


if __name__ == "__main__":
    main()
