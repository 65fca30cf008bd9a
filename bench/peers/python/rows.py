"""The same rows as in ../node/rows.ts."""

import math

KEPT = 64
HISTOGRAM_VALUES = 10_000

# In every row of this work.
KEY_OF = {"one": "train/loss", "ten": "train/loss", "hundred": "layers/0/grad-norm", "histogram": "weights"}


def one(value: float) -> dict:
    return {"train/loss": value}


def ten(value: float) -> dict:
    return {
        "train/loss": value,
        "train/accuracy": value + 0.1,
        "train/perplexity": value + 0.2,
        "train/grad-norm": value + 0.3,
        "train/learning-rate": value + 0.4,
        "val/loss": value + 0.5,
        "val/accuracy": value + 0.6,
        "val/perplexity": value + 0.7,
        "time/step": value + 0.8,
        "time/data": value + 0.9,
    }


def row_maker(work: str):
    """Of a value. A hundred values are not a literal in anybody's loop: those are made beforehand."""
    if work == "one":
        return one
    if work == "ten":
        return ten
    kept = [
        {f"layers/{layer}/grad-norm": math.sin(which * 100 + layer) for layer in range(100)}
        for which in range(KEPT)
    ]
    return lambda value: kept[int(value) % KEPT]


def weights():
    import numpy  # It is the tracker's cost where there is a histogram, and nowhere else.

    values = numpy.arange(HISTOGRAM_VALUES, dtype=numpy.float64)
    return (numpy.sin(values) * numpy.sqrt(values)).astype(numpy.float32)
