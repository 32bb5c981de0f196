"""An installed package in the place of a checkout: the site is made in the user's cache, never beside the code."""

from pyapp.site.parts import clear, parts_below
from pyapp.site.tree import put, remove, visible

MADE = ("vendor", "data", "app")  # below web/, by provisioning and building


def fill(root, package, share):
    """Make root hold pyapp/, weights/ and web/ as the package has them, and nothing that an earlier version had."""
    clear(parts_below(root))
    for name, source in (("pyapp", package), ("weights", share / "weights"), ("web", share / "web")):
        files = [file for file in visible(source) if source != package or share not in (source / file).parents]
        for file in files:
            put(root / name / file, (source / file).read_bytes())
        gone = set(visible(root / name)) - set(files)
        remove(root / name / file for file in gone if name != "web" or file.split("/")[0] not in MADE)
