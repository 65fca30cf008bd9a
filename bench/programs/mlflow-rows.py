"""The same rows by MLflow's own client, in its asynchronous mode. usage: mlflow-rows.py URL ROWS"""

import json
import sys
import time

import mlflow

url, rows = sys.argv[1], int(sys.argv[2])
mlflow.set_tracking_uri(url)
mlflow.set_experiment("bench-python")
names = ["train/loss", "train/accuracy", "train/perplexity", "train/grad-norm", "train/learning-rate"]
names += ["val/loss", "val/accuracy", "val/perplexity", "time/step", "time/data"]
with mlflow.start_run() as run:
    start = time.monotonic()
    for row in range(rows):
        mlflow.log_metrics({name: row * 0.001 for name in names}, step=row, synchronous=False)
    mlflow.flush_async_logging()
    ms = (time.monotonic() - start) * 1000
history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "train/loss")
print(json.dumps({"ms": ms, "arrived": len(history)}))
