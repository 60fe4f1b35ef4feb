"""A synthesized CloudFormation template: its resources, with intrinsic functions resolved."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Template:
    """One stack's template and, by asset hash, the directories of its file assets."""

    document: Mapping[str, Any]
    assets: Mapping[str, Path]

    @classmethod
    def read(cls, assembly: Path, stack_name: str) -> "Template":
        document = json.loads((assembly / f"{stack_name}.template.json").read_text())
        manifest = json.loads((assembly / f"{stack_name}.assets.json").read_text())
        assets = {
            asset_hash: assembly / entry["source"]["path"]
            for asset_hash, entry in manifest["files"].items()
            if entry["source"]["packaging"] == "zip"
        }
        return cls(document, assets)

    def resources(self, type: str) -> dict[str, Mapping[str, Any]]:
        """Returns the properties of the resources of one type, by logical id."""
        return {
            logical_id: resource.get("Properties", {})
            for logical_id, resource in self.document["Resources"].items()
            if resource["Type"] == type
        }


@dataclass(frozen=True)
class Resolver:
    """Resolves Ref, Fn::GetAtt, Fn::Join, Fn::Sub and Fn::FindInMap.

    `physical_ids` are those of the deployed resources and of the pseudo parameters; `attributes`
    are by logical id and name. What has neither resolves to its logical id, which is all that the
    API's own resources need to refer to each other.
    """

    physical_ids: Mapping[str, str]
    attributes: Mapping[tuple[str, str], str]
    mappings: Mapping[str, Any]

    def resolve(self, value: Any) -> Any:
        match value:
            case list():
                return [self.resolve(item) for item in value]
            case {"Ref": name, **rest} if not rest:
                return self.physical_ids.get(name, name)
            case {"Fn::GetAtt": [logical_id, name]}:
                return self.attributes.get((logical_id, name), logical_id)
            case {"Fn::Join": [separator, parts]}:
                return separator.join(str(self.resolve(part)) for part in parts)
            case {"Fn::FindInMap": [name, *keys]}:
                first, second = self.resolve(keys)
                return self.mappings[name][first][second]
            case {"Fn::Sub": str(text)}:
                for name, physical_id in self.physical_ids.items():
                    text = text.replace(f"${{{name}}}", physical_id)
                return text
            case dict():
                for key in value:
                    if key.startswith("Fn::"):
                        raise NotImplementedError(f"intrinsic function {key}")
                return {key: self.resolve(item) for key, item in value.items()}
        return value
