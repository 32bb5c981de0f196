"""ONNX Runtime, where it is installed: its answers for each graph as written, and as it optimises it."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from pyapp.export.onnx_graph import with_outputs

Answer = tuple[np.ndarray, list[np.ndarray]]
QUIET = 3  # errors only


def settings() -> Iterator[tuple[str, Callable[[bytes, str, np.ndarray, Mapping[str, str]], Answer]]]:
    """Each way to run a model, by name: a function of a file, its input's name, inputs and the values wanted beside the
    first output, with their types. No ways if ONNX Runtime is not installed."""
    try:
        import onnxruntime
    except ImportError:  # as in Pyodide
        return
    levels = onnxruntime.GraphOptimizationLevel
    for told, level in ((" unoptimised", levels.ORT_DISABLE_ALL), ("", levels.ORT_ENABLE_ALL)):
        def run(data: bytes, name: str, x: np.ndarray, wanted: Mapping[str, str], level=level) -> Answer:
            def answers(model: bytes, outputs: list[str] | None) -> list[np.ndarray]:
                options = onnxruntime.SessionOptions()
                options.graph_optimization_level, options.log_severity_level = level, QUIET
                options.intra_op_num_threads = 1
                session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
                return session.run(outputs, {name: x})
            return answers(data, None)[0], answers(with_outputs(data, wanted), list(wanted)) if wanted else []
        yield f"ONNX Runtime {onnxruntime.__version__}{told}", run
