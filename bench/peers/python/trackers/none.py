"""No tracker: the rows are made, and thrown away. What memory is compared with."""

import platform

from rows import row_maker


def version() -> str:
    return platform.python_version()


class Tracker:
    def __init__(self, _directory: str, work: str, _mode: str) -> None:
        self.row = row_maker(work)

    def log(self, value: float, _step: int) -> None:
        self.row(value)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def arrived(_directory: str, _work: str) -> int:
    return 0
