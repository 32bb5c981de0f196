"""ONNX files under ONNX's own checker and in ONNX Runtime: 1,000 held-out digits, in every setting of it."""

import json

import numpy as np
import pytest
from exported import KINDS, VISION, exported, vision

from pyapp.core.losses import softmax
from pyapp.data import mnist
from pyapp.export.formats import written
from pyapp.export.onnx_file import FORMAT, INTEGER
from pyapp.export.onnx_layers import INPUT
from pyapp.export.proof import Proof

onnx = pytest.importorskip("onnx", reason="of the test extra, and not in Pyodide")
runtime = pytest.importorskip("onnxruntime", reason="of the test extra, and not in Pyodide")

LEVELS = (runtime.GraphOptimizationLevel.ORT_DISABLE_ALL, runtime.GraphOptimizationLevel.ORT_ENABLE_ALL)
SETTINGS = [(level, threads) for level in LEVELS for threads in (1, 2)]
INTEGERS = ["8 bits", "4 bits, channels", "3 bits, affine channels"]
ON_GRIDS = [kind for kind, settings in KINDS.items() if settings and "activations" in settings]
IN_FLOATS = [kind for kind in KINDS if kind not in ON_GRIDS]


def file_of(subject, form=FORMAT) -> bytes:
    return next(iter(written(subject, form, "network").values()))


def inputs(count: int) -> np.ndarray:
    return mnist.load().inputs()[:count]


def answers(data: bytes, x: np.ndarray) -> list[np.ndarray]:
    """The logits with the graph as it is and as ONNX Runtime rewrites it, with one thread and with two."""
    found = []
    for level, threads in SETTINGS:
        options = runtime.SessionOptions()
        options.graph_optimization_level, options.intra_op_num_threads = level, threads
        session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        found.append(session.run(["logits"], {INPUT: x})[0])
    return found


def all_files():
    yield from (pytest.param(lambda kind=kind: file_of(exported(kind)), id=kind) for kind in KINDS)
    yield from (pytest.param(lambda kind=kind: file_of(exported(kind), INTEGER), id=f"integers, {kind}")
                for kind in INTEGERS)
    yield from (pytest.param(lambda kind=kind: file_of(vision(kind)), id=f"transformer, {kind}")
                for kind, settings in VISION.items() if "logit_bits" not in settings)


@pytest.mark.parametrize("make", list(all_files()))
def test_the_checker_and_strict_shape_inference_pass(make):
    model = onnx.load_model_from_string(make())
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    known = {value.name for value in inferred.graph.value_info} | {value.name for value in inferred.graph.output}
    assert {name for node in model.graph.node for name in node.output} <= known
    (logits,) = inferred.graph.output
    assert [axis.dim_param or axis.dim_value for axis in logits.type.tensor_type.shape.dim] == ["N", 10]
    assert json.loads(next(each.value for each in model.metadata_props if each.key == "bitladder.manifest"))["seal"]
    assert (model.producer_name, model.opset_import[0].version) == ("Bitladder", 21) and model.doc_string


@pytest.mark.parametrize("kind", INTEGERS)
def test_integers_are_equal_in_every_setting(kind):
    """Equal float32 logits are equal codes: each is a code's number on the logits' grid."""
    subject = exported(kind, "float")
    for found in answers(file_of(subject, INTEGER), inputs(1000)):
        assert np.array_equal(found, subject.logits(inputs(1000)))


def test_onnx_has_the_same_integers_in_its_reference():
    from onnx.reference import ReferenceEvaluator

    subject = exported("4 bits, channels", "float")
    model = onnx.load_model_from_string(file_of(subject, INTEGER))
    found = ReferenceEvaluator(model).run(["logits"], {INPUT: inputs(50)})[0]
    assert np.array_equal(found, subject.logits(inputs(50)))


@pytest.mark.parametrize("kind", IN_FLOATS)
def test_floats_are_equal_in_every_setting(kind):
    ours = exported(kind).logits(inputs(1000))
    for found in answers(file_of(exported(kind)), inputs(1000)):
        assert np.abs(softmax(found) - softmax(ours)).max() < 1e-5
        assert np.abs(found - ours).max() < 1e-5 * np.abs(ours).max()


@pytest.mark.parametrize("kind", ON_GRIDS)
def test_qdq_is_at_most_a_code_away(kind):
    """A sum next to the middle between two codes goes to either: of 1,000 digits 0 to 2, by one step, were measured."""
    subject = exported(kind, "simulated")
    ours = subject.logits(inputs(1000))
    for found in answers(file_of(subject), inputs(1000)):
        steps = np.rint(np.abs(found - ours) / subject.step)
        assert steps.max() <= Proof.of(subject).bound and np.count_nonzero(steps.any(axis=1)) <= 10


@pytest.mark.parametrize("kind", ["8 bits"])
def test_qdq_that_onnx_runtime_makes_integers_is_ours(kind):
    """Gemm between 8-bit codes with an int32 bias becomes one integer operator, with the arithmetic of "float"."""
    ours = exported(kind, "float").logits(inputs(1000))
    *_, one, two = answers(file_of(exported(kind)), inputs(1000))
    assert np.array_equal(one, ours) and np.array_equal(two, ours)


@pytest.mark.parametrize(("kind", "apart"), [("float", 1e-5), ("weights only", 1e-5), ("8 bits, channels", 0.02),
                                             ("4 bits, groups", 0.02)])
def test_the_transformer_answers_the_same(kind, apart):
    """With float activations to rounding errors. On grids a code that goes the other way changes all that follow: of
    300 digits a few had probabilities more than 1e-5 apart, 1e-4 at most, and none another prediction."""
    subject = vision(kind)
    ours = softmax(subject.logits(inputs(200)))
    for found in answers(file_of(subject), inputs(200))[::3]:
        assert np.abs(softmax(found) - ours).max() < apart
        assert np.count_nonzero(found.argmax(axis=1) != ours.argmax(axis=1)) <= (apart > 1e-5)
