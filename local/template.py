"""A synthesized CloudFormation template: its resources, with intrinsic functions resolved."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Resource:
    logical_id: str
    type: str
    properties: Mapping[str, Any]


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

    def resources(self, type: str) -> Iterator[Resource]:
        for logical_id, resource in self.document["Resources"].items():
            if resource["Type"] == type:
                yield Resource(logical_id, type, resource.get("Properties", {}))


class Resolver:
    """Resolves Ref, Fn::GetAtt, Fn::Join and Fn::Sub.

    `physical_ids` are those of the deployed resources and of the pseudo parameters;
    `attributes` their attributes, by (logical id, attribute). What has neither resolves to its
    logical id, which is all that references among the API's own resources need.
    """

    def __init__(
        self, physical_ids: Mapping[str, str], attributes: Mapping[tuple[str, str], str]
    ) -> None:
        self._physical_ids = physical_ids
        self._attributes = attributes

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            match function:
                case "Ref":
                    return self._physical_ids.get(argument, argument)
                case "Fn::GetAtt":
                    logical_id, attribute = argument
                    return self._attributes.get((logical_id, attribute), logical_id)
                case "Fn::Join":
                    separator, parts = argument
                    return separator.join(str(self.resolve(part)) for part in parts)
                case "Fn::Sub" if isinstance(argument, str):
                    for name, physical_id in self._physical_ids.items():
                        argument = argument.replace(f"${{{name}}}", physical_id)
                    return argument
                case name if name.startswith("Fn::"):
                    raise NotImplementedError(f"intrinsic function {name}")
        return {key: self.resolve(item) for key, item in value.items()}
