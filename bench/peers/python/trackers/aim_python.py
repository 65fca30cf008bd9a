"""Aim, local: a repository of RocksDB files."""

from importlib import metadata

from rows import KEY_OF, row_maker, weights


def version() -> str:
    return metadata.version("aim")


class Tracker:
    def __init__(self, directory: str, work: str, _mode: str) -> None:
        import aim

        self.run = aim.Run(repo=directory, experiment="bench")
        if work == "histogram":
            self.distribution = aim.Distribution
            self.weights = weights()
            self.log = self.log_histogram
        else:
            self.row = row_maker(work)

    def log(self, value: float, step: int) -> None:
        self.run.track(self.row(value), step=step)

    def log_histogram(self, _value: float, step: int) -> None:
        self.run.track(self.distribution(self.weights), name="weights", step=step)

    def flush(self) -> None:
        pass  # Nothing waits: each call writes.

    def close(self) -> None:
        self.run.close()


def arrived(directory: str, work: str) -> int:
    import aim

    repo = aim.Repo(directory)
    # A run is found through the index only, which is left to the page's server; this is its command to do it at once.
    repo._recreate_index()
    key, context = KEY_OF[work], aim.sdk.run.Context({})
    rows = 0
    for run in repo.iter_runs():
        found = run.get_distribution_sequence if work == "histogram" else run.get_metric
        rows += len(found(key, context).values.sparse_list()[0])
    return rows
