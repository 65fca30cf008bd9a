"""Trackio, local: its SQLite file below TRACKIO_DIR."""

import glob
import json
import os
import sqlite3
import time

from rows import KEY_OF, row_maker, weights


def version() -> str:
    import trackio

    return trackio.__version__


class Tracker:
    def __init__(self, directory: str, work: str, _mode: str) -> None:
        # It is read when the package is imported.
        os.environ["TRACKIO_DIR"] = directory
        import trackio

        self.trackio = trackio
        trackio.init(project="bench", name="run", embed=False)
        if work == "histogram":
            self.weights = weights()
            self.log = self.log_histogram
        else:
            self.row = row_maker(work)

    def log(self, value: float, step: int) -> None:
        self.trackio.log(self.row(value), step=step)

    def log_histogram(self, _value: float, step: int) -> None:
        self.trackio.log({"weights": self.trackio.Histogram(self.weights)}, step=step)

    def flush(self) -> None:
        # It has none: a thread writes every half second.
        time.sleep(0.05)

    def close(self) -> None:
        self.trackio.finish()


def arrived(directory: str, work: str) -> int:
    rows = 0
    for file in glob.glob(os.path.join(directory, "*.db")):
        database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        for (metrics,) in database.execute("SELECT metrics FROM metrics"):
            rows += KEY_OF[work] in json.loads(metrics)
        database.close()
    return rows
