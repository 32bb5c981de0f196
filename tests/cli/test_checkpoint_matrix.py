"""Everything that writes weights against everything that reads them: the right number, or a sentence.

A file is what a writer writes now, or that without what older versions did not say.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyapp import checkpoint, store
from pyapp.__main__ import main
from pyapp.checkpoint import ABOUT, Contents
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.data.drawing import Raster
from pyapp.data.text import split
from pyapp.measure.measure import measure
from pyapp.nets import gpt, next_token, vit
from pyapp.nets.mlp import MLP
from pyapp.parity.check import SEVEN
from pyapp.quantized.saved import digits_network
from pyapp.runner import Runner
from pyapp.training.trainer import evaluate

TEXT = "the cat sat on the mat, and the dog ran.\n" * 40
TINY = ["--epochs", "1", "--batch", "64"]
COMMANDS = {  # what writes, by the name of its file
    "train mlp": ["--exclude", "none", *TINY], "distill mlp": ["--hidden", "20", *TINY], "qat mlp": TINY,
    "qat mixed": ["--bits", "8,3,4", "--activations", "none", *TINY],
    "train vit": TINY, "train gpt": ["--steps", "2", "--batch", "2"],
}
PAGES = {"digits": {}, "qat": {"bits": 3}, "vision": {"weights": "own"}, "learn": {"corpus": "own", "text": TEXT},
         "rung1": {}, "rung7": {}}
SHIPPED = {"generator": "generator.npz", "routing": "routing.npz", "ladder": "ladder.npz"}
FLOAT = {"train mlp", "distill mlp", "page digits"}
CODES = {"qat mlp", "qat mixed", "page qat"}
VIT, GPT = {"train vit", "vit under way", "page vision"}, {"train gpt", "gpt under way", "page learn"}
WRITERS = [*COMMANDS, "vit under way", "gpt under way", *(f"page {name}" for name in PAGES), *SHIPPED]


@dataclass
class Files:
    folder: Path
    truth: dict[str, Any]  # accuracy on the folder's 100 test images, or loss on the text's last tenth, by writer

    def path(self, writer: str, older: bool = False) -> Path:
        return self.folder / ("older" if older else "") / f"{writer}.npz"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Files:
    folder, truth = tmp_path_factory.mktemp("written"), {}
    _pack(folder / "data")
    (folder / "t.txt").write_text(TEXT)
    for name, options in COMMANDS.items():
        verb, network = name.replace("mixed", "mlp").split()
        data, out = folder / ("t.txt" if network == "gpt" else "data"), folder / f"{name}.npz"
        kept = ["--checkpoint", str(folder / f"{network} under way.npz")] if network != "mlp" else []
        assert main([verb, network, "--data", str(data), "--out", str(out), *options, *kept]) == 0
        metrics = store.recipe(out)["metrics"]
        if network == "gpt":
            truth |= {name: metrics["validation"]["loss"], "gpt under way": metrics["validation_float32"]["loss"]}
        else:
            truth[name] = metrics["test"]["accuracy" if "accuracy" in metrics["test"] else "float"]
    truth["vit under way"] = truth["train vit"]
    for name, params in PAGES.items():
        runner = Runner()
        run = runner.open(name, params)["run"]
        runner.advance(run, steps=3)
        (folder / f"page {name}.npz").write_bytes(bytes(runner.snapshot(run)["file"]))
        truth[f"page {name}"] = _truth(runner._get(run).experiment, mnist.load(folder / "data", "test"))
    for name, file in SHIPPED.items():
        (folder / f"{name}.npz").write_bytes((store.WEIGHTS / file).read_bytes())
    (folder / "older").mkdir()
    for writer in WRITERS:
        arrays = store.unpack((folder / f"{writer}.npz").read_bytes(), writer)
        left_out = {ABOUT} | ({checkpoint.VOCABULARY} if writer == "page learn" else set())
        left = {key: array for key, array in arrays.items() if key not in left_out}
        (folder / "older" / f"{writer}.npz").write_bytes(store.pack(left))
    return Files(folder, truth)


def _pack(folder: Path) -> None:
    """200 and 100 of the shipped images, each with a dot, so that they are none of those that trainings leave out."""
    folder.mkdir()
    for (which, names), step in zip(mnist.FILES.items(), (10, 30), strict=True):
        digits = mnist.load(split=which)
        images, labels = digits.images[::step].copy(), digits.labels[::step]
        images[:, 0, 0] = 1
        for name, array in zip(names, (images, labels), strict=True):
            head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
            (folder / name.removesuffix(".gz")).write_bytes(head + array.astype(np.uint8).tobytes())


def _truth(page, digits) -> Any:
    """The accuracy of the network on the page itself, measured as the commands measure."""
    name = type(page).__module__.rpartition(".")[2]
    if name == "qat":
        return measure(page.exported(), digits)["accuracy"]
    if name in ("digits", "vision"):
        return evaluate(page.trainer.model, page.trainer.p, digits.inputs(), digits.labels)["accuracy"]
    if name == "learn":
        tokens = page.learner.corpus.vocabulary.encode(TEXT)
        model, p = page.learner.model, page.learner.p
        return next_token.evaluate(model, p, split(tokens, model.size.context)[1])["loss"]
    return None


def accuracy(files, said, writer):
    assert json.loads(said)["accuracy"] == files.truth[writer]


def loss(files, said, writer):
    assert json.loads(said)["loss"] == pytest.approx(files.truth[writer], rel=1e-6)


def a_digit(files, said, writer):
    found = json.loads(said)
    assert 0 <= found["digit"] <= 9 and sum(found["probabilities"]) == pytest.approx(1, abs=1e-5)


def a_text(files, said, writer):
    assert said.startswith("the ") and len(said) == 4 + 5 + 1 and set(said) <= set(TEXT)


def a_result(files, said, writer):
    assert json.loads(said)


READERS = {  # the command without --weights, what it reads, and what is right of what it prints
    "evaluate mlp --data {data} --json": (FLOAT | CODES, accuracy),
    "predict {seven} --json": (FLOAT | CODES, a_digit),
    "sensitivity mlp --method round --json": (FLOAT, a_result),
    "mixed mlp --method round --budget 90000 --data {data} --json": (FLOAT, a_result),
    "sweep mlp --bits 8 --data {data} --jobs 1 --backend threading --out {out} --json": (FLOAT, a_result),
    "evaluate vit --data {data} --json": (VIT, accuracy),
    "attention-table vit --logit-bits 8 --softmax exact --shift none --images 5 --data {data} --out {out} --json":
        (VIT, a_result),
    "evaluate gpt --data {text} --json": (GPT, loss),
    "generate gpt --prompt the_ --tokens 5": (GPT, a_text),
    "digits --count 2 --json": ({"generator", "routing"}, a_result),
    "ladder rollout --json": ({"ladder"}, a_result),
}


@pytest.mark.parametrize("older", [False, True], ids=["now", "older"])
@pytest.mark.parametrize("command", READERS)
def test_every_command_reads_every_file_or_says_what_it_is(files, tmp_path, capsys, command, older):
    pillow = pytest.importorskip("PIL.Image", reason="pip install pillow")
    pytest.importorskip("joblib", reason='pip install -e ".[test]"')
    pillow.fromarray(255 - (Raster(200).draw(SEVEN) * 255).astype(np.uint8)).save(tmp_path / "seven.png")
    reads, is_right = READERS[command]
    for writer in WRITERS:
        names = {"data": files.folder / "data", "text": files.folder / "t.txt", "seven": tmp_path / "seven.png",
                 "out": tmp_path / f"{writer}.csv"}
        words = [word.replace("_", " ").format(**names) if word == "the_" else word.format(**names)
                 for word in command.split()]
        status = main([*words, "--weights", str(files.path(writer, older))])
        said = capsys.readouterr()
        if writer in reads:
            assert status == 0, f"{writer}: {said.err}"
            is_right(files, said.out, writer)
        else:
            assert status == 2 and said.err.count("\n") == 1 and f"{writer}.npz holds " in said.err, said.err


def as_float(page, contents: Contents) -> None:
    found = digits_network(contents)
    p = found if isinstance(found, Parameters) else found.weights.parameters
    inputs, labels = mnist.shipped("test")
    assert page.frame().scalars["test_accuracy"] == evaluate(MLP.of(p), p, inputs, labels)["accuracy"]
    assert page.trainer.p.vector.tobytes() == p.vector.tobytes()


def as_codes(page, contents: Contents) -> None:
    found = digits_network(contents)
    if isinstance(found, Parameters):
        assert all((page.p[name] == found[name]).all() for name in found)
    else:
        ours = page.exported()
        for name, tensor in found.weights.tensors.items():
            assert (ours.weights.tensors[name].codes == tensor.codes).all()
        assert measure(ours, mnist.load())["accuracy"] == measure(found, mnist.load())["accuracy"]


def as_vit(page, contents: Contents) -> None:
    assert page.trainer.p.vector.tobytes() == vit.parameters(contents)[1].vector.tobytes()


def as_gpt(page, contents: Contents) -> None:
    assert page.learner.p.vector.tobytes() == gpt.opened(contents)[1].vector.tobytes() and page.step == 3


def as_steps(page, contents: Contents) -> None:
    assert page.frame().step == 3


PAGE_READS = {
    "digits": (FLOAT | CODES, as_float), "qat": ({"train mlp", "page digits", "qat mlp", "page qat"}, as_codes),
    "vision": (VIT, as_vit), "learn": ({"page learn"}, as_gpt), "rung1": ({"page rung1"}, as_steps),
    "rung2": ({"page rung1"}, as_steps), "rung7": ({"page rung7"}, as_steps),
}


@pytest.mark.parametrize("older", [False, True], ids=["now", "older"])
@pytest.mark.parametrize("page", PAGE_READS)
def test_every_page_reads_every_file_or_says_what_it_is(files, page, older):
    reads, is_right = PAGE_READS[page]
    for writer in WRITERS:
        data, runner = files.path(writer, older).read_bytes(), Runner()
        run = runner.open(page)["run"]
        if writer in reads:
            runner.restore(run, data, "mine.npz")
            is_right(runner._get(run).experiment, Contents(store.unpack(data, "mine.npz"), "mine.npz"))
        else:
            before = runner.snapshot(run)["file"]
            with pytest.raises(store.StoreError, match=r"mine\.npz holds "):
                runner.restore(run, data, "mine.npz")
            assert (runner.snapshot(run)["file"] == before).all()


def test_what_a_page_saves_goes_on_in_the_files_of_all_versions(files):
    """The next step is the same, bit for bit, however the file was saved."""
    for page in ("digits", "qat", "vision", "learn"):
        after = []
        for older in (False, True):
            runner = Runner()
            run = runner.open(page)["run"]
            answer = runner.restore(run, files.path(f"page {page}", older).read_bytes(), "mine.npz")
            assert answer["frame"].step == 3 and not answer["notes"]
            runner.advance(run, steps=3)
            arrays = store.unpack(bytes(runner.snapshot(run)["file"]), "after")
            after.append({key: array.tobytes() for key, array in arrays.items()})
        assert after[0] == after[1]


@pytest.mark.parametrize(("options", "message"), [
    (["--bits", "4", "--activations", "4", "--method", "qat"], None), (["--rounding", "double"], None),
    (["--bits", "8"], "is already quantised (--bits 4, --per tensor, --activations 4), so --bits 8 cannot"),
    (["--bits", "4", "--activations", "8"], "so --activations 8 cannot apply"),
    (["--bits", "4", "--method", "gptq", "--scheme", "affine"], "so --scheme affine, --method gptq cannot"),
    (["--per", "channel", "--bias-correction"], "--per channel, --bias-correction yes cannot"),
])
def test_options_may_not_contradict_codes(files, capsys, options, message):
    file = str(files.path("qat mlp"))
    status = main(["evaluate", "mlp", "--data", str(files.folder / "data"), "--weights", file, "--json", *options])
    said = capsys.readouterr()
    if message:
        assert status == 2 and message in said.err
    else:
        found = json.loads(said.out)
        assert (found["bits"], found["activations"], found["method"]) == (4, 4, "qat")
        assert "double" in options or found["accuracy"] == files.truth["qat mlp"]


def test_a_smaller_network_is_quantised_as_it_is(files, capsys):
    argv = ["evaluate", "mlp", "--data", str(files.folder / "data"), "--weights", str(files.path("distill mlp"))]
    assert main([*argv, "--bits", "4", "--activations", "8", "--json"]) == 0
    rounded = json.loads(capsys.readouterr().out)
    assert rounded["arithmetic"] == "integer" and rounded["bytes"] < 8_200
