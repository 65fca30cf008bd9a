"""Artifacts of W&B's own client. usage: artifact_run.py RUN_ID DIRECTORY"""

import sys

import wandb

run = wandb.init(project="interop", id=sys.argv[1])
run.log({"loss": 1.0}, step=3)
artifact = wandb.Artifact("data", "dataset", description="of a day", metadata={"rows": 7, "of": ["a", None]})
artifact.add_dir(sys.argv[2])
run.log_artifact(artifact, aliases=["best"])
run.log_artifact(sys.argv[2] + "/a.txt", name="single", type="file")
run.finish()
