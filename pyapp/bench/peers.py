"""Other libraries, which npm installs into a folder of the cache when the benchmark is asked for them.

They are no part of the product: whatever npm cannot bring is left out, and the results say why.
"""

import json
import shutil
import subprocess
from pathlib import Path

from pyapp.bench.contestants import PEERS
from pyapp.places import cache_folder

VERSIONS = {  # so that another day measures the same
    "@jax-js/jax": "0.1.25",
    "@litertjs/core": "2.5.3",
    "@tensorflow/tfjs": "4.22.0",
    "@tensorflow/tfjs-backend-wasm": "4.22.0",
    "onnxruntime-web": "1.30.0",
}
PATHS = {  # workers have no import map: a package's name becomes a path
    "@litertjs/core/dist/index.js": ('"@litertjs/wasm-utils"', '"../../wasm-utils/dist/index.js"'),
}
SECONDS = 600  # that one installation may take


def folder() -> Path:
    """The folder of the cache in which they are kept."""
    return cache_folder() / "peers"


def installed(package: str, where: Path) -> str | None:
    """The installed version of a package; None if it is not there."""
    try:
        return json.loads((where / "node_modules" / package / "package.json").read_text(encoding="utf-8"))["version"]
    except (OSError, ValueError, KeyError):
        return None


def install(where: Path) -> dict[str, str]:
    """Install what is missing; {package: why} of those that are still absent."""
    needed = dict.fromkeys(package for peer in PEERS for package in peer.packages)
    absent = {package: why for package in needed if (why := _install(package, where))}
    for name, (bare, path) in PATHS.items():
        file = where / "node_modules" / name
        if file.is_file():
            file.write_text(file.read_text(encoding="utf-8").replace(bare, path), encoding="utf-8")
    return absent


def _install(package: str, where: Path) -> str:
    """Install a package; "" or the reason why it is not there."""
    version = VERSIONS[package]
    if installed(package, where) == version:
        return ""
    if not (npm := shutil.which("npm")):
        return "npm is not installed"
    where.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run([npm, "install", "--prefix", str(where), "--no-audit", "--no-fund", "--ignore-scripts",
                               "--save-exact", f"{package}@{version}"], capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"npm took more than {SECONDS} seconds to install {package}@{version}"
    if done.returncode:
        why = next((line for line in done.stderr.splitlines() if "npm error" in line), "it does not say why")
        return f"npm could not install {package}@{version}: {why.removeprefix('npm error ')}"
    return ""
