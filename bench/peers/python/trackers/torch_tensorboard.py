"""torch.utils.tensorboard, from torch's own files of that name (see ../environment.ts). What they use of the rest of
torch, for scalars and for arrays of numpy, are types to compare with and a count of API uses: those are made here,
without effect, so that all code that does work is theirs."""

import os
import sys
import types

from packaging.version import Version

from trackers.event_files import whole_rows
from trackers.summary_writer import SummaryWriterTracker

FILES = os.path.join(sys.prefix, "torch-files")


def version() -> str:
    with open(os.path.join(FILES, "version"), encoding="utf-8") as file:
        return file.read().strip()


class Names(types.ModuleType):
    """Has every name: a type without any instance. Most are only in annotations."""

    def __getattr__(self, name: str):
        made = type(name, (), {})
        setattr(self, name, made)
        return made


def stand_in() -> None:
    """`torch`, `torch.utils` and the version comparison that is done on import."""
    torch = Names("torch")
    torch._C = Names("torch._C")
    torch._C._log_api_usage_once = lambda _name: None
    utils = types.ModuleType("torch.utils")
    utils.__path__ = [os.path.join(FILES, "torch", "utils")]
    vendored = types.ModuleType("torch._vendor.packaging.version")
    vendored.Version = Version
    sys.modules |= {"torch": torch, "torch.utils": utils, "torch._vendor.packaging.version": vendored}
    for name in ("torch._vendor", "torch._vendor.packaging"):
        sys.modules[name] = types.ModuleType(name)


class Tracker(SummaryWriterTracker):
    def __init__(self, directory: str, work: str, _mode: str) -> None:
        stand_in()
        from torch.utils.tensorboard import SummaryWriter

        super().__init__(SummaryWriter(directory), work)


def arrived(directory: str, _work: str) -> int:
    return whole_rows(directory)
