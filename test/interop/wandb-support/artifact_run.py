"""Artifacts of W&B's own client. usage: artifact_run.py RUN_ID DIRECTORY"""

import sys

import wandb

run = wandb.init(project="interop", id=sys.argv[1])
run.log({"loss": 1.0}, step=3)
artifact = wandb.Artifact("data", "dataset", description="of a day", metadata={"rows": 7, "of": ["a", None]})
artifact.add_dir(sys.argv[2])
run.log_artifact(artifact, aliases=["best"])
run.log_artifact(sys.argv[2] + "/a.txt", name="single", type="file")
references = wandb.Artifact("references", "dataset")
references.add_reference("file://" + sys.argv[2] + "/a.txt")
references.add_reference("file://" + sys.argv[2] + "/a.txt", name="unread.txt", checksum=False)
references.add_reference("file://" + sys.argv[2] + "/sub", name="sub")
references.add_reference("https://example.org/path/key.bin", name="far/key.bin", checksum=False)
run.log_artifact(references)
run.finish()
