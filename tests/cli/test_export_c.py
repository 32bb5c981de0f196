"""The C of an export, compiled here as strictly as a compiler can: its integers are those of this package."""

import re
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from answers import refusal

from pyapp.__main__ import main
from pyapp.data import mnist
from pyapp.export import engines
from pyapp.export.c_header import FORMAT, SANITIZED
from pyapp.export.formats import written
from pyapp.export.subject import Subject
from pyapp.export.verify import verify
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.quant.fixedpoint import Multiplier, requantize_double, requantize_single
from pyapp.quantized.fingerprint import results
from pyapp.quantized.network import QuantizedNetwork, Settings, quantize_network
from pyapp.quantized.trained import shipped

STRICT = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wshadow")
CASES = {
    "W8A8": Settings(8, activations=8),
    "W4A4, trained": Settings(4, activations=4, method="qat"),
    "W3A3, trained": Settings(3, activations=3, method="qat"),
    "W2A8, trained": Settings(2, activations=8, method="qat"),
    "mixed": Settings((8, 5, 2), activations=6, per="channel"),
    "groups": Settings(4, activations=8, per="group:100"),
    "affine": Settings(4, "affine", activations=4),
    "affine channels": Settings(7, "affine", activations=2, per="channel"),
    "affine groups": Settings(2, "affine", activations=8, per="group:16"),
    "wide weights": Settings((12, 16, 9), activations=9),
    "wide activations": Settings(2, activations=16),
}
MORE = set(list(CASES)[1::2])  # rounded twice only in a thorough run
ROUNDED = [pytest.param(case, rounding, marks=pytest.mark.thorough if rounding == "double" and case in MORE else ())
           for case in CASES for rounding in ("single", "double")
           if not (rounding == "double" and "group" in CASES[case].per)]


@cache
def subject_of(case: str, rounding: str = "single") -> Subject:
    settings = CASES[case]
    trained = settings.method == "qat"
    return subject(shipped(settings.bits) if trained else quantize_network(mlp.load(), settings, mnist.calibration()),
                   rounding)


def random_subject(sizes: Sequence[int], settings: Settings, rounding: str = "single") -> Subject:
    return subject(quantize_network(MLP(sizes).initial(1), settings, mnist.calibration()), rounding)


def subject(network: QuantizedNetwork, rounding: str) -> Subject:
    return Subject("mlp", network, {"file": "x.npz", "sha256": "0" * 64}, {}, {}, "python -m pyapp export", rounding)


def put(folder: Path, name: str, found: Subject) -> Path:
    for other, data in written(found, FORMAT, name).items():
        (folder / other).write_bytes(data)
    return folder / f"{name}.h"


def compiled(compiler: str, source: Path, *flags: str) -> str:
    """The program of a source, compiled without a warning."""
    program = source.with_suffix(".exe")
    done = subprocess.run([compiler, *STRICT, *flags, "-o", str(program), str(source)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return str(program)


def said(*command: str, status: int = 0, **more) -> list[str]:
    """The lines that a program prints; it may say nothing on standard error, where a sanitizer would."""
    done = subprocess.run(command, capture_output=True, text=True, **more)
    assert (done.returncode, done.stderr) == (status, ""), done
    return done.stdout.splitlines()


def agrees(compiler: str, header: Path, found: Subject, digits: int, *flags: str) -> None:
    """The driver proves itself, and reads held-out digits to the integers of this package."""
    program = compiled(compiler, header.with_name(f"{header.stem}_test.c"), *flags)
    parity, print_, sizes = said(program)
    manifest = re.search('"fingerprint": "(.*)"', header.read_text())[1]
    assert (parity, print_) == ("PARITY OK, largest difference 0", f"fingerprint {manifest}")
    assert re.fullmatch(r"flash \d+ bytes, RAM \d+ bytes, time \d+\.\d{3} microseconds per input", sizes)
    pixels = mnist.load().images.reshape(3000, -1)[-digits:]
    (header.parent / "digits.bin").write_bytes(pixels.tobytes())
    rows = np.array([line.split() for line in said(program, str(header.parent / "digits.bin"))], np.int64)
    logits = results(found.integer, pixels)[-1]
    np.testing.assert_array_equal(rows, np.column_stack([logits.argmax(axis=1), logits]))


@pytest.fixture(scope="session")
def sanitizer(compiler):
    """The flags of UndefinedBehaviorSanitizer and AddressSanitizer, as far as their libraries are here."""
    some = [flags for flags in ((*SANITIZED, "-fsanitize=address"), SANITIZED) if engines.compiles([compiler, *flags])]
    return some[0] if some else ()


@pytest.mark.parametrize(("case", "rounding"), ROUNDED)
def test_the_logits_of_1000_held_out_digits_are_equal(case, rounding, compiler, sanitizer, tmp_path):
    found = subject_of(case, rounding)
    header = put(tmp_path, "net", found)
    agrees(compiler, header, found, 1000, *(sanitizer if rounding == "double" else ()))


@pytest.mark.parametrize(("sizes", "per"), [
    ((784, 33, 10), "tensor"), ((784, 7, 9, 5, 10), "group:5"), ((784, 10), "channel")])
@pytest.mark.parametrize("bits", [2, 3, 6])
def test_layers_of_any_sizes(sizes, per, bits, compiler, sanitizer, tmp_path):
    """Rows and groups then begin in the middle of a byte."""
    found = random_subject(sizes, Settings(bits, "affine", per, activations=8))
    agrees(compiler, put(tmp_path, "net", found), found, 100, *sanitizer)


@pytest.mark.parametrize(("rounding", "rule"), [("single", requantize_single), ("double", requantize_double)])
def test_sums_are_rounded_as_here(rounding, rule, compiler, sanitizer, tmp_path):
    """The ends of every range, halves of both signs and many random numbers."""
    put(tmp_path, "net", random_subject((784, 10), Settings(activations=8), rounding))
    (tmp_path / "round.c").write_text(
        '#include "net.h"\n#include <stdio.h>\n'
        "int main(void) {\n  long sum, m0, exponent;\n  while (scanf(\"%ld %ld %ld\", &sum, &m0, &exponent) == 3) {\n"
        "    int64_t y = net_rounded(net_product((int32_t)sum, (int32_t)m0, (int32_t)exponent), (int32_t)exponent);\n"
        "    if (y < INT32_MIN) y = INT32_MIN;\n    if (y > INT32_MAX) y = INT32_MAX;\n"
        "    printf(\"%ld\\n\", (long)y);\n"
        "  }\n  return 0;\n}\n")
    rng = np.random.default_rng(1)
    ends = np.array([-(2**31), 1 - 2**31, -3 * 2**29, -6, -5, -3, -2, -1, 0, 1, 2, 3, 5, 6, 2**30, 2**31 - 1])
    sums = np.concatenate([ends, rng.integers(-(2**31), 2**31, 40), rng.integers(-3000, 3000, 40)])
    m0 = np.concatenate([[0, 2**30, 3 * 2**29, 2**31 - 1], rng.integers(2**30, 2**31, 12)])
    each = np.stack(np.meshgrid(sums, m0, np.arange(-31, 31), indexing="ij"), axis=-1).reshape(-1, 3)
    acc, m0, exponent = (column.astype(np.int32) for column in each.T)
    given = "\n".join(f"{a} {b} {c}" for a, b, c in each.tolist())
    found = said(compiled(compiler, tmp_path / "round.c", *sanitizer), input=given)
    np.testing.assert_array_equal(np.array(found, np.int64), rule(acc, Multiplier(m0, exponent)))


def test_one_program_holds_two_networks_of_any_names(compiler, tmp_path):
    pixels = mnist.load().images.reshape(3000, -1)[0]
    found = {"2 bits": subject_of("W2A8, trained"), "int": subject_of("W4A4, trained")}
    for name, each in found.items():
        put(tmp_path, name, each)
    (tmp_path / "both.c").write_text(
        '#include "2 bits.h"\n#include "int.h"\n#include "2 bits.h"\n#include <stdio.h>\n'
        "static uint8_t pixels[784], a[network_2_bits_CODES], b[int_CODES];\n"
        "int main(int count, char **words) {\n  FILE *file = fopen(words[count - 1], \"rb\");\n"
        "  if (file == NULL || fread(pixels, 1, 784, file) != 784) return 1;\n"
        '  printf("%d %d\\n", network_2_bits_run(pixels, a), int_run(pixels, b));\n  return 0;\n}\n')
    (tmp_path / "pixels.bin").write_bytes(pixels.tobytes())
    expected = [str(results(each.integer, pixels[None])[-1].argmax()) for each in found.values()]
    assert said(compiled(compiler, tmp_path / "both.c"), str(tmp_path / "pixels.bin")) == [" ".join(expected)]


@pytest.mark.parametrize(("number", "fails"), [
    (r"layer3_offset\[10\] = \{\n-?\d+", "logit code 0 of input"),
    (r"proof_logits\[100\] = \{\n\d+", "logit code 0 of input 0"), (r"proof_fingerprint = \w+", "the fingerprint")])
def test_the_driver_finds_a_wrong_number(number, fails, compiler, tmp_path):
    header = put(tmp_path, "net", subject_of("W8A8"))
    wrong, n = re.subn(rf"(net_{number})", lambda found: re.sub(r"\w+$", "1", found[0]), header.read_text())
    header.write_text(wrong)
    parity, print_, _ = said(compiled(compiler, tmp_path / "net_test.c"), status=1)
    assert n == 1 and parity.startswith(f"PARITY FAILS at {fails}") and print_.startswith("fingerprint ")


def test_the_driver_reads_whole_digits_only(compiler, tmp_path):
    put(tmp_path, "net", subject_of("W2A8, trained"))
    program = compiled(compiler, tmp_path / "net_test.c")
    done = subprocess.run([program, "-"], input=bytes(784 + 5), capture_output=True)
    assert done.returncode == 2 and len(done.stdout.splitlines()) == 1
    assert done.stderr.split() == b"5 bytes are left over; an input has 784".split()


def test_the_header_is_integers_alone_and_small_weights_are_packed(tmp_path):
    header = put(tmp_path, "net", subject_of("W4A4, trained")).read_text()
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    assert re.findall("#include .*", code) == ["#include <stdint.h>"]
    assert not re.search(r"float|double|alloc|\d\.\d", code)
    assert "uint8_t net_layer1_weight[50176]" in code and "uint8_t net_layer2_weight[4096]" in code


def test_the_command_compiles_what_it_wrote(compiler, tmp_path, capsys):
    path = tmp_path / "my net.hpp"
    assert main(["export", "mlp", "--bits", "3", "--format", "c", "--out", str(path)]) == 0
    printed = capsys.readouterr()
    assert "activations get 8 bits" in printed.err and "PARITY OK, largest difference 0" in printed.out
    assert 'include "my net.hpp"' in (tmp_path / "my net_test.c").read_text()
    compiled(compiler, tmp_path / "my net_test.c")
    (tmp_path / "my net_test.c").unlink()  # verify makes it again from the header
    first, plain, *_ = verify(path).runs
    assert first.engine == "Python" and plain.engine != "Python"
    path.write_bytes(path.read_bytes()[:-1])
    assert "it was cut off" in refusal(capsys, "verify", str(path))


@pytest.mark.parametrize(("words", "why"), [
    ("", "quantise it with --bits 8 and --activations 8"),
    ("--bits 8 --activations 8 --rounding float", "--rounding single"),
    ("--bits 4 --activations 8 --per group:32 --rounding double", "cannot sum groups")])
def test_a_network_that_is_not_integers_is_refused(words, why, tmp_path, capsys):
    assert why in refusal(capsys, "export", "mlp", *words.split(), "--format", "c", "--out", str(tmp_path / "net.h"))
    assert not list(tmp_path.iterdir())
