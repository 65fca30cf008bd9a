"""W&B's own client: offline, or online to the server that the environment names (WANDB_BASE_URL)."""

import glob
import os
import struct
import time

from rows import KEY_OF, row_maker, weights

BLOCK = 32 * 1024
HEADER = 7
FULL, FIRST, LAST = 1, 2, 4


def version() -> str:
    import wandb

    return wandb.__version__


class Tracker:
    def __init__(self, directory: str, work: str, mode: str) -> None:
        import wandb

        self.wandb = wandb
        self.run = wandb.init(project="bench", dir=directory, mode=mode)
        if work == "histogram":
            self.weights = weights()
            self.log = self.log_histogram
        else:
            self.row = row_maker(work)

    def log(self, value: float, step: int) -> None:
        self.run.log(self.row(value), step=step)

    def log_histogram(self, _value: float, step: int) -> None:
        self.run.log({"weights": self.wandb.Histogram(self.weights)}, step=step)

    def flush(self) -> None:
        # It has none: the process that writes gets time.
        time.sleep(0.05)

    def close(self) -> None:
        self.run.finish()


def arrived(directory: str, work: str) -> int:
    """From the file itself: an append-only log in LevelDB's format, of protobuf records."""
    from wandb.proto.wandb_internal_pb2 import Record

    key = KEY_OF[work]
    rows = 0
    for file in glob.glob(os.path.join(directory, "wandb", "*run-*", "*.wandb")):
        for content in records(file):
            history = Record.FromString(content).history
            names = (item.key or item.nested_key[0] for item in history.item)
            rows += any(name.split(".")[0] == key for name in names)
    return rows


def records(path: str):
    with open(path, "rb") as file:
        data = file.read()
    at = HEADER  # That of the file is as long as one of a record.
    parts = b""
    while at + HEADER <= len(data):
        if BLOCK - at % BLOCK < HEADER:
            at += BLOCK - at % BLOCK
            continue
        _crc, length, kind = struct.unpack_from("<IHB", data, at)
        at += HEADER
        part = data[at : at + length]
        at += length
        parts = part if kind in (FULL, FIRST) else parts + part
        if kind in (FULL, LAST) and len(part) == length:
            yield parts
