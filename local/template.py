"""A synthesized CloudFormation template: its resources, with intrinsic functions resolved."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from moto.cloudformation.parsing import clean_json


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
    """Resolves intrinsic functions as moto does, which looks here for what they name.

    `deployed` has moto's resources, pseudo parameters and mappings. `attributes` of other resources
    are by logical id and name. What is in neither resolves to its logical id, which is all that the
    API's own resources need to refer to each other.
    """

    deployed: Mapping[str, Any]
    attributes: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def resolve(self, value: Any) -> Any:
        resolved = clean_json(value, cast(Any, self))
        if unknown := re.search(r'"(Fn::\w+)":', json.dumps(resolved)):
            raise NotImplementedError(f"intrinsic function {unknown[1]}")
        return resolved

    def get(self, name: str) -> Any:
        found = self.deployed.get(name)
        return _Undeployed(name, self.attributes) if found is None else found

    __getitem__ = get


@dataclass(frozen=True)
class _Undeployed:
    physical_resource_id: str
    attributes: Mapping[tuple[str, str], str]

    def get_cfn_attribute(self, name: str) -> str:
        id = self.physical_resource_id
        return self.attributes.get((id, name), id)
