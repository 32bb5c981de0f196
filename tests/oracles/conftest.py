import pytest


@pytest.fixture(scope="module")
def onnx():
    return pytest.importorskip("onnx", reason='pip install -e ".[oracle]" to compare with ONNX itself')
