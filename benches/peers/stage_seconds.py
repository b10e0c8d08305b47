"""What `probity bench` tells of one configuration over one shard: processor seconds by part."""

import json
import subprocess
from pathlib import Path

INPUT = """
schema = 1
[input]
files = [{shard}]
text = "text"
"""


def stage_seconds(program: str, shard: Path, stage: str, work: Path) -> dict[str, float]:
    config = work / "bench.toml"
    config.write_text(INPUT.format(shard=json.dumps(str(shard.resolve()))) + stage)
    told = subprocess.run([program, "bench", config, "--rounds", "1", "--json"], capture_output=True, text=True, check=True)
    return {part["what"]: part["seconds"] for part in json.loads(told.stdout)["parts"]}
