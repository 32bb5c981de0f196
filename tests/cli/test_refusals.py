"""Every command is thrown what people mistype and what breaks: it answers with exit status 2 and one sentence."""

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest
from answers import options, refusal

from pyapp import npz, store
from pyapp.__main__ import main
from pyapp.commands.saying import data_warnings
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.training.trainer import Trainer

DATA = str(mnist.SHIPPED)
TEXT = "the cat sat on the mat. " * 90
COMMANDS = {  # with what each needs, where there is nothing wrong
    "train mlp": ["--data", DATA, "--exclude", "none", "--out", "w.npz"],
    "train vit": ["--data", DATA, "--out", "w.npz"], "train gpt": ["--data", "t.txt", "--out", "w.npz"],
    "train generator": ["--data", DATA, "--out", "w.npz"], "qat mlp": ["--data", DATA, "--out", "w.npz"],
    "distill mlp": ["--data", DATA, "--out", "w.npz"], "evaluate mlp": ["--bits", "4", "--activations", "4"],
    "evaluate vit": ["--images", "2"], "evaluate gpt": ["--data", "t.txt", "--windows", "1"], "sensitivity mlp": [],
    "mixed mlp": ["--budget", "45000"], "predict": ["x.png"], "generate gpt": [], "softmax-error": [],
    "softmax-table": [], "attention-table vit": ["--out", "a.csv"],
    "attention-table gpt": ["--data", "t.txt", "--out", "a.csv"], "ladder rollout": [], "digits": [],
    "distill-digits": ["--out", "w.npz"], "judge-digits": [], "sweep mlp": ["--out", "s.csv"], "run": ["digits"],
}
HUGE = "9" * 23


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    """A folder with what people have by mistake; a training that begins is a failure."""
    def step(self):
        raise AssertionError("the training has begun")

    monkeypatch.setattr(Trainer, "step", step)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.txt").write_text(TEXT)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x81" * 500)
    return tmp_path


def numbers(kind: type) -> list[tuple[str, str]]:
    """Command and option, for every option that is read as this kind."""
    return [(name, action.option_strings[-1]) for name, action in options()
            if action.type is kind and action.option_strings and name in COMMANDS]


@pytest.mark.parametrize(("kind", "values"), [(int, ["", "many", "1.5", "1e9", "0x10"]),
                                              (float, ["", "many", "1,5", "1e"])])
def test_an_invalid_number_is_named(kind, values, capsys):
    assert len(numbers(kind)) > 15
    for name, option in numbers(kind):
        for value in values:
            last = refusal(capsys, *name.split(), *COMMANDS[name], option, value)[:200]
            assert option.lstrip("-") in last and ("invalid" in last or "expected" in last), (name, option, last)


FILES = {"nothing.npz": "cannot be read (No such file", "folder": "cannot be read (Is a directory)",
         "empty": "expected an .npz file, found an empty one", "binary": "expected an .npz file, found 2,000 bytes",
         "t.txt": "expected an .npz file", "": "the name is empty; name a file"}


@pytest.mark.parametrize("command", ["evaluate mlp", "evaluate vit", "evaluate gpt", "sensitivity mlp", "mixed mlp",
                                     "generate gpt", "attention-table vit", "attention-table gpt", "sweep mlp"])
def test_invalid_weights_are_refused(command, capsys):
    for name, message in FILES.items():
        assert message in refusal(capsys, *command.split(), *COMMANDS[command], "--weights", name)


def test_an_empty_name_is_not_this_folder(capsys, somewhere):
    """Python takes "" for the folder in which a command runs, and `if args.data` takes it for no option."""
    commands = [("data", ""), ("data", " "), ("inspect", ""), ("encoder", "--data", ""),
                ("format-table", "--gpt-data", ""), ("evaluate", "mlp", "--data", ""),
                ("train", "mlp", "--data", "", "--out", "w.npz")]
    for command in commands:
        assert "the name of a file to read is empty; name a file or folder" in refusal(capsys, *command)


def archive(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        file.writestr("layer1.weight.npy", content)
    return buffer.getvalue()


def array(header: str, numbers: bytes = b"") -> bytes:
    return npz.MAGIC + b"\x01\0" + struct.pack("<H", len(header)) + header.encode() + numbers


@pytest.mark.parametrize(("data", "message"), [
    (archive(array("(" * 5000)), "a header in layer1.weight that does not describe a plain array"),
    (archive(array("{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000, 784)}")), "would need"),
    (archive(array("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"abc")), "Python objects in layer1"),
    (archive(b"hello"), "something other than an array in layer1.weight"),
    (archive(bytes(100))[:60], "expected an .npz file, found only the first 60 bytes of one"),
], ids=["brackets", "huge", "objects", "text", "cut short"])
def test_malicious_weights_are_refused(data, message, capsys, somewhere):
    (somewhere / "w.npz").write_bytes(data)
    for command in ("evaluate mlp", "generate gpt", "evaluate vit"):
        assert message in refusal(capsys, *command.split(), *COMMANDS[command], "--weights", "w.npz")


@pytest.mark.parametrize("words", ["[" * 100_000, '{"sha256": NaN}', "\xff", "[]", '{"sha256": 5}'])
def test_invalid_recipes_are_refused(words, capsys, somewhere):
    (somewhere / "w.npz").write_bytes(store.pack(store.arrays_of(mlp.load())))
    (somewhere / "w.json").write_text(words, encoding="latin-1")
    assert "w.json" in refusal(capsys, "evaluate", "mlp", "--weights", "w.npz")


@pytest.mark.parametrize(("name", "content", "message"), [
    ("t10k-images-idx3-ubyte.gz", gzip.compress(bytes(2**20))[:50], "expected a whole gzip file, found a damaged one"),
    ("t10k-images-idx3-ubyte.gz", b"\x1f\x8b" + bytes(40), "expected a whole gzip file, found a damaged one"),
    ("t10k-images-idx3-ubyte", b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 2**31, 2**31), "bytes for"),
])
def test_invalid_images_are_refused(name, content, message, capsys, somewhere):
    (somewhere / name).write_bytes(content)
    (somewhere / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + struct.pack(">I", 1) + b"\x05")
    for command in ("evaluate mlp", "qat mlp", "train vit", "sweep mlp"):
        assert message in refusal(capsys, *command.split(), *COMMANDS[command], "--data", ".")


def test_images_that_unpack_to_gigabytes_are_not_unpacked(capsys, somewhere, monkeypatch):
    monkeypatch.setattr(gzip.GzipFile, "read", lambda self, size: bytes(size))
    (somewhere / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(b""))
    (somewhere / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + struct.pack(">I", 1) + b"\x05")
    assert "unpacks to more than 536,870,912 bytes" in refusal(capsys, "evaluate", "mlp", "--data", ".")


@pytest.mark.parametrize(("name", "message"), [("folder", "cannot be read (Is a directory)"), ("empty", "has 0 charac"),
                                               ("binary", "expected text in UTF-8, found the byte 0xff"),
                                               ("nothing", "cannot be read (No such file")])
def test_invalid_texts_are_refused(name, message, capsys):
    for command in ("train gpt", "evaluate gpt", "attention-table gpt"):
        assert message in refusal(capsys, *command.split(), *COMMANDS[command], "--data", name)


def test_invalid_pictures_are_refused(capsys):
    pytest.importorskip("PIL", reason="pip install pillow")
    for name in ("folder", "empty", "binary", "nothing.png", "t.txt"):
        assert name in refusal(capsys, "predict", name)


@pytest.mark.parametrize(("words", "message"), [
    ("distill mlp --hidden 10000000", "layers is 784-10000000-10: such a network has 7,950,000,010 parameters"),
    (f"distill mlp --hidden {HUGE}", "hidden is '99999999999999999999999'; use sizes with dashes between"),
    (f"qat mlp --per group:{HUGE}", "granularity is 'group:99999999999999999999999'; use tensor, channel or group:N"),
    (f"evaluate mlp --bits {HUGE}", f"bits is {HUGE}; use a whole number from 2 to 16"),
    ("train mlp --rate inf", "rate is inf; use more than 0"),
    (f"train vit --batch {HUGE}", f"batch is {HUGE}; use at most 2147483647"),
    (f"train gpt --steps {HUGE}", f"steps is {HUGE}; use at most 2147483647"),
    ("train gpt --batch 100000000", "batch is 100000000; use at most 4096"),
    ("train mlp --pixels 1e308", "pixels is 1e+308; use at most 28"),
    ("train vit --degrees 400", "degrees is 400.0; use at most 180"),
    ("qat mlp --scale 2", "scale is 2.0; use at most"),
])
def test_sizes_that_are_too_large_are_refused(words, message, capsys):
    command, network, *more = words.split()
    base = [] if command == "evaluate" else COMMANDS[f"{command} {network}"]
    assert message in refusal(capsys, command, network, *base, *more)


@pytest.mark.parametrize("words", [
    "evaluate mlp --bits 4 --per group:" + HUGE, "evaluate mlp --bits 1", "evaluate mlp --bits " + HUGE,
    "evaluate mlp --bits 4 --activations " + HUGE, "evaluate mlp --bits 4 --activations 4 --per group:-1",
    "evaluate mlp --bits 4 --method adaround --seed -1", "evaluate vit --images 0", "evaluate vit --images -5",
    "evaluate vit --logit-bits " + HUGE, "evaluate gpt --data t.txt --windows -1", "mixed mlp --budget -1",
    "mixed mlp --budget 0", "softmax-error --rows " + HUGE, "softmax-error --length 0", "softmax-error --seed -1",
    "softmax-error --bits 99", "softmax-table --rows -3", "softmax-error --method nonsense",
    "generate gpt --tokens -1", "generate gpt --temperature nan", "generate gpt --temperature -1",
    "generate gpt --top-k -1", "generate gpt --seed -1", "generate gpt --logit-bits 1", "ladder rollout --words 0",
    "ladder rollout --temperature nan", "ladder rollout --temperature 1e-320", "ladder rollout --seed -1",
    "ladder rollout --prompt nonsense", "digits --count 0", f"digits --count {HUGE}", "digits --bits 1",
    "digits --digit 10", "digits --temperature inf", "judge-digits --bits 1", "judge-digits --bits 4,,",
    "distill mlp --hidden 10000000", f"distill mlp --hidden {HUGE}", "distill mlp --hidden 64--32",
    "distill mlp --hidden 20000-20000", "qat mlp --bits 8,3", f"qat mlp --per group:{HUGE}", "qat mlp --bits 4,1,4",
    "qat mlp --activations 17", "qat mlp --estimator nonsense", "train mlp --epochs 0", "train mlp --rate inf",
    "train vit --warmup -1", "train gpt --steps -1", "train gpt --dropout 1", "train gpt --beta2 1",
    "train gpt --dropout 5", "train vit --batch 0", "train generator --route 0", "distill-digits --rate -1",
    f"distill-digits --batch {HUGE}",
    "sweep mlp --jobs 0", f"sweep mlp --per group:{HUGE}", f"sweep mlp --bits 4,{HUGE}", "sweep mlp --split none",
    "attention-table vit --logit-bits 4,,4", "attention-table vit --shift up", "run --steps -1", "run --set rate=nan",
    f"run --set seed={HUGE}", "run --set bits=many",
])
def test_impossible_numbers_are_refused(words, capsys):
    name = next(name for name in sorted(COMMANDS, key=len, reverse=True) if words.startswith(name))
    more = words.removeprefix(name).split()
    base = [] if set(more) & set(COMMANDS[name]) else COMMANDS[name]
    with np.errstate(all="ignore"):
        refusal(capsys, *name.split(), *base, *more)


@pytest.mark.parametrize("words", [["--bits", "9" * 4000], ["--bits", "9" * 5000], ["--scheme", "x" * 5000],
                                   ["--bits", "4", "--per", "group:" + "9" * 5000]],
                         ids=["int", "no int", "word", "per"])
def test_what_was_typed_is_not_repeated_at_length(words, capsys):
    assert "… (" in refusal(capsys, "evaluate", "mlp", *words) or "group:" in words[-1]


def test_names_of_files_are_repeated_whole(capsys):
    name = "/".join(["folder" * 20] * 3)
    assert name in refusal(capsys, "evaluate", "mlp", "--data", name)


HALF = "\udced\udca0\udc80"  # how Python holds bytes of an argument that are no UTF-8


@pytest.mark.parametrize("words", [
    f"run text --set prompt={HALF}", f"run text --set {HALF}=1", f"run text --do {HALF}", f"run {HALF}",
    f"run simulator --set values=1{HALF}2", f"predict {HALF}.png", f"evaluate mlp --data {HALF}",
    f"evaluate mlp --weights {HALF}.npz", f"evaluate mlp --bits {HALF}", f"evaluate gpt --data {HALF}",
    f"generate gpt --tokens 2 --prompt {HALF}", f"ladder rollout --prompt {HALF}", f"digits --generator {HALF}",
    f"sweep mlp --out x.csv --bits {HALF}", f"train mlp --data {HALF} --out {HALF}.npz", f"{HALF}"])
def test_bytes_that_are_no_text_are_refused_with_a_sentence(words, capsys):
    assert refusal(capsys, *words.split())


def test_any_word_is_a_seed_also_bytes_that_are_no_text(capsys):
    assert main(["digits", "--seed", HALF, "--count", "1"]) == 0
    assert "is not a number; using its CRC-32" in capsys.readouterr().err


def test_numbers_out_of_range_are_said_in_one_sentence(capsys):
    with data_warnings():
        for exponent in (1000, 2000):
            assert np.exp(np.array([exponent])) == np.inf and np.isnan(np.array([np.inf]) - np.inf)
    said = capsys.readouterr().err
    assert said == "bitladder: some numbers on the way were out of range (overflow encountered in exp)\n"


def test_a_low_temperature_is_nothing_to_warn_of(capsys):
    assert main(["generate", "gpt", "--tokens", "2", "--temperature", "1e-320"]) == 0
    assert capsys.readouterr().err == ""
