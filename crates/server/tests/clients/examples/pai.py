"""Search with PAI's own client: nothing but the endpoint is another."""
import os

from alibabacloud_aiworkspace20210204 import models as m
from alibabacloud_aiworkspace20210204.client import Client
from alibabacloud_tea_openapi.models import Config

endpoint = os.environ.get("FILEDEX_ENDPOINT", "http://127.0.0.1:8473").removeprefix("http://")
pai = Client(Config(endpoint=endpoint, protocol="http", access_key_id="any", access_key_secret="any"))
scope = {"dataset_version": "v1", "workspace_id": "any"}

page = pai.list_dataset_file_metas("demo", m.ListDatasetFileMetasRequest(
    query_expression="Tags.all = 'castle' AND Attributes.year_start < 1830 AND MaxResults = 3", **scope)).body
print(page.total_count, "castles")
for file in page.dataset_file_metas:
    print(file.file_name, file.file_type, file.tags)

seen = [m.DatasetFileMetaConentUpdate(dataset_file_meta_id=file.dataset_file_meta_id,
                                      tags='{"user": {"add": ["seen"]}}') for file in page.dataset_file_metas]
done = pai.update_dataset_file_metas("demo", m.UpdateDatasetFileMetasRequest(dataset_file_metas=seen, **scope)).body
print("tagged:", done.status)
