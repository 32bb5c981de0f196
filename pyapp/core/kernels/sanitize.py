"""Run the kernels' tests natively under sanitizers: `python -m pyapp.core.kernels.sanitize`, in a checkout.

Reading past an array's end, overflow of a signed number, a shift too far: AddressSanitizer and
UndefinedBehaviorSanitizer stop at it. Needs a C compiler with both, such as Debian's gcc.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pyapp.core.kernels import ANOTHER, HERE
from pyapp.core.kernels.build import for_this_machine

ROOT = HERE.parents[2]
TESTS = ROOT / "tests" / "unit" / "core"


def run(out: Path) -> int:
    """Build into `out`, and run the tests; pytest's exit code."""
    for_this_machine(out, sanitize=True)
    found = subprocess.run(["cc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    environment = os.environ | {
        ANOTHER: str(out), "LD_PRELOAD": found.stdout.strip(),  # before Python, which is not built with it
        "ASAN_OPTIONS": "detect_leaks=0",  # Python keeps memory to its end
    }
    tests = sorted(map(str, TESTS.glob("test_*kernels.py")))
    return subprocess.run([sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *tests], cwd=ROOT,
                          env=environment).returncode


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(run(Path(folder) / "simd.so"))
