"""What tensorboardX and torch.utils.tensorboard have in common: one call for each scalar of a step."""

from rows import row_maker, weights


class SummaryWriterTracker:
    def __init__(self, writer, work: str) -> None:
        self.writer = writer
        if work == "histogram":
            self.weights = weights()
            self.log = self.log_histogram
        else:
            self.row = row_maker(work)

    def log(self, value: float, step: int) -> None:
        add_scalar = self.writer.add_scalar
        for name, scalar in self.row(value).items():
            add_scalar(name, scalar, step)

    def log_histogram(self, _value: float, step: int) -> None:
        self.writer.add_histogram("weights", self.weights, step)

    def flush(self) -> None:
        self.writer.flush()

    def close(self) -> None:
        self.writer.close()
