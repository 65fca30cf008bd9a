"""MLflow's client. Modes: `files` (below the directory), `server` and `async` (the server of MLFLOW_TRACKING_URI)."""

import os

from rows import KEY_OF, row_maker

PAGE = 25_000
# The reader is told by the writer which run it was.
RUN_FILE = "run-id"


def version() -> str:
    import mlflow

    return mlflow.__version__


class Tracker:
    def __init__(self, directory: str, work: str, mode: str) -> None:
        import mlflow

        self.mlflow = mlflow
        self.row = row_maker(work)
        self.synchronous = mode != "async"
        if mode == "files":
            mlflow.set_tracking_uri("file://" + os.path.join(directory, "mlruns"))
        mlflow.set_experiment("bench")
        run = mlflow.start_run()
        with open(os.path.join(directory, RUN_FILE), "w", encoding="utf-8") as file:
            file.write(mlflow.get_tracking_uri() + "\n" + run.info.run_id)

    def log(self, value: float, step: int) -> None:
        self.mlflow.log_metrics(self.row(value), step=step, synchronous=self.synchronous)

    def flush(self) -> None:
        if not self.synchronous:
            self.mlflow.flush_async_logging()

    def close(self) -> None:
        self.flush()
        self.mlflow.end_run()


def arrived(directory: str, work: str) -> int:
    """Of a run at a server by REST; of one in files, the lines of the metric's file."""
    import requests

    with open(os.path.join(directory, RUN_FILE), encoding="utf-8") as file:
        uri, run_id = file.read().split("\n")
    key = KEY_OF[work]
    if uri.startswith("file:"):
        for parent, names, _ in os.walk(os.path.join(directory, "mlruns")):
            if run_id in names:
                with open(os.path.join(parent, run_id, "metrics", key), encoding="utf-8") as lines:
                    return sum(1 for _ in lines)
        return 0
    rows, token = 0, None
    while token is None or token != "":
        query = {"run_id": run_id, "metric_key": key, "max_results": PAGE} | ({"page_token": token} if token else {})
        answer = requests.get(f"{uri}/api/2.0/mlflow/metrics/get-history", params=query, timeout=60)
        answer.raise_for_status()
        page = answer.json()
        rows += len(page.get("metrics", []))
        token = page.get("next_page_token", "")
    return rows
