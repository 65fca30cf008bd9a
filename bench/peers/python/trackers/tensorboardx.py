"""tensorboardX, as its README has it."""

from trackers.event_files import whole_rows
from trackers.summary_writer import SummaryWriterTracker


def version() -> str:
    import tensorboardX

    return tensorboardX.__version__


class Tracker(SummaryWriterTracker):
    def __init__(self, directory: str, work: str, _mode: str) -> None:
        from tensorboardX import SummaryWriter

        super().__init__(SummaryWriter(directory), work)


def arrived(directory: str, _work: str) -> int:
    return whole_rows(directory)
