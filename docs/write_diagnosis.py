"""Writes docs/diagnosis.md from the JSON Schema of a diagnosis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "mlflow_plateau" / "report" / "diagnosis.schema.json"
PAGE = ROOT / "docs" / "diagnosis.md"

INTRODUCTION = """\
# `plateau/diagnosis.json`

<!-- Written by docs/write_diagnosis.py from mlflow_plateau/report/diagnosis.schema.json. -->

Every diagnosed run carries its diagnosis as data in the artifact `plateau/diagnosis.json`: all that
the report shows, and enough to draw it again.

```python
import json
import mlflow
from mlflow_plateau import Diagnosis

text = mlflow.artifacts.load_text(f"runs:/{run_id}/plateau/diagnosis.json")
diagnosis = Diagnosis.from_dict(json.loads(text))
```

The layout is a [JSON Schema](../mlflow_plateau/report/diagnosis.schema.json), version 1.
`Diagnosis.from_dict` refuses other versions with a message that says what to do.
"""


def page(schema: dict[str, Any]) -> str:
    """Returns the page for a schema."""
    parts = [INTRODUCTION, "## Diagnosis\n", schema["description"] + "\n", _fields(schema, schema)]
    for definition in schema["$defs"].values():
        parts += [f"## {definition['title']}\n", definition["description"] + "\n"]
        if "properties" in definition:
            parts.append(_fields(definition, schema))
    return "\n".join(parts)


def _fields(definition: dict[str, Any], schema: dict[str, Any]) -> str:
    lines = ["| field | type | meaning |", "| --- | --- | --- |"]
    for name, field in definition["properties"].items():
        lines.append(f"| `{name}` | {_type(field, schema)} | {field['description']} |")
    return "\n".join(lines) + "\n"


def _type(field: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in field:
        title = schema["$defs"][field["$ref"].rpartition("/")[2]]["title"]
        return f"[{title}](#{title.lower().replace(' ', '-')})"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return ", or ".join(_type(item, schema) for item in field["anyOf"])
    if "const" in field:
        return f"`{field['const']}`"
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    items = field.get("items") or field.get("additionalProperties")
    kind = f"{kinds[0]} of {_type(items, schema)}" if items else kinds[0]
    return ", or ".join([kind, *kinds[1:]])


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(SCHEMA.read_text(encoding="utf-8"))), encoding="utf-8")
