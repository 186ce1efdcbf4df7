"""Lets the Python parts of torchvision work where its compiled part does not fit torch.

A torchvision built for CUDA cannot load its compiled extension beside a CPU build of torch. It
says nothing about that, and dies while it registers the shapes of two operators that only
the extension would have defined: «operator torchvision::nms does not exist». Datasets, transforms
and models need no such operator. With the two declared (declared only: calling one still says that
there is no kernel), the import goes through.

`repair_torchvision.py` installs this file into a virtual environment's site-packages, beside a
`.pth` file that calls `activate` at each start of the interpreter. So the start must cost nothing:
this module imports `sys` alone, and looks at torch only when torchvision is being imported.
"""

import sys

HOOK_POINT = "torchvision._meta_registrations"
"""The module that dies. It is imported after torchvision tried to load its compiled extension, so
what is defined by then is what this installation has."""

OPERATORS = ("nms", "qnms")
SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

_declared: list[object] = []
"""torch takes a declaration back when its `Library` object goes away."""


class Finder:
    """Finds no module itself; it only learns that the one at the hook point is about to load."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002 - the import system's signature
        """Declare what is missing, and leave the finding to the finders after this one."""
        if name == HOOK_POINT:
            declare_missing_operators()


def declare_missing_operators() -> None:
    """Declare those of `OPERATORS` that torch does not know; with a fitting torchvision, none."""
    torch = sys.modules.get("torch")
    if torch is None:
        return
    missing = [name for name in OPERATORS if not hasattr(torch.ops.torchvision, name)]
    if missing:
        # A fragment may be beside a library of that name; a second "DEF" may not.
        library = torch.library.Library("torchvision", "FRAGMENT")
        _declared.append(library)
        for name in missing:
            library.define(name + SIGNATURE)


def activate() -> None:
    """Put the finder first on the import path, once however often this is called."""
    if not any(type(finder).__module__ == __name__ for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())
