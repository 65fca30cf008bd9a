"""TensorBoard event files, counted with TensorBoard's own reader."""

import glob
import os
from collections import Counter


def points(directory: str) -> Counter:
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    found = Counter()
    for file in glob.glob(os.path.join(directory, "**", "*tfevents*"), recursive=True):
        for event in LegacyEventFileLoader(file).Load():
            found.update(value.tag for value in event.summary.value)
    return found


def whole_rows(directory: str) -> int:
    """A row is there when all of its scalars are."""
    return min(points(directory).values(), default=0)
