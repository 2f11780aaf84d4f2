"""/openapi.json, held against the server with generated requests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import requests

import clients
from clients import Dataset
from test_pai_files import item

CHECKS = "not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance"
ROUTES = [
    ("/api/v1/datasets", {"get", "post"}), ("/api/v1/datasets/{DatasetId}", {"get", "put", "delete"}),
    ("/api/v1/datasets/{DatasetId}/versions", {"get", "post"}),
    ("/api/v1/datasets/{DatasetId}/versions/{VersionName}", {"get", "put", "delete"}),
    ("/api/v1/datasets/{DatasetId}/datasetfilemetas", {"get", "post", "put", "delete"}),
    ("/api/v1/datasets/{DatasetId}/datasetfilemetas/{DatasetFileMetaId}", {"get"}),
    ("/api/v1/statistics/datasets/{DatasetId}/datasetfilemetas", {"get"}),
    ("/api/v1/datasets/{DatasetId}/datasetjobs", {"get", "post"}),
    ("/api/v1/datasets/{DatasetId}/datasetjobs/{DatasetJobId}", {"get"}),
    *((f"/v2/file/{name}", {"post"}) for name in ("create", "get", "update", "list", "search", "delete")),
    ("/v2/recyclebin/trash", {"post"}), ("/v1/datasets", {"get", "post"}),
    ("/v1/datasets/{dataset_id}", {"get", "patch"}),
]


def test_every_route_is_described(shared) -> None:
    document = requests.get(f"{shared.endpoint}/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for path, methods in ROUTES:
        assert methods <= set(document["paths"].get(path, {})), path


def test_generated_requests(fresh, tmp_path: Path) -> None:
    """No request brings about a server error, and answers are of the shapes that are described."""
    dataset = Dataset.make(clients.pai(fresh.endpoint), "0", None)
    dataset.create_all(item("0.jpg", tags=clients.user_tags("0")))
    program = Path(sys.executable).parent / "schemathesis"
    checks = os.environ.get("FILEDEX_OPENAPI_CHECKS", CHECKS)
    ran = subprocess.run(
        [program, "run", f"{fresh.endpoint}/openapi.json", "--checks", checks, "--max-examples", "20", "--seed", "1",
         "--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all",
         "--continue-on-failure", "--request-timeout", "20", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stdout[-12_000:] + ran.stderr[-2_000:]
    assert fresh.running
