"""What lies on the disk."""

import os


def bytes_below(directory: str) -> int:
    total = 0
    for parent, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                pass  # A log of the database, just taken in.
    return total
