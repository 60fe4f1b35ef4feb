"""The API as a client meets it, in memory: pictures, records, reruns, lists and planned answers."""

import hashlib
import io
import json
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from easel.api import Answer, NoAnswerError
from lambdas.common.catalog import CATALOG
from lambdas.common.recipe import Recipe

DEFAULT_MODEL = "stability.stable-image-core-v1:1"
PICTURES = "https://pictures.example"
DRAWN_AT = "2026-11-20T12:00:00Z"


def error(
    status: int, code: str, *, message: str = "No.", headers: Mapping[str, str] | None = None
) -> Answer:
    body = {"message": message, "type": "any", "param": None, "code": code}
    content = json.dumps({"error": body, "execution_arn": "arn:aws:states:r:1:execution:m:e"})
    return Answer(status, headers or {}, content.encode())


def later(status: int = 429, seconds: int = 5) -> Answer:
    return error(status, "rate_limit_exceeded", headers={"retry-after": str(seconds)})


class FakeApi:
    """`planned` answers, or errors of the connection, are given first. `drifts` lets a rerun give
    another picture. Recipes whose ids are `staged` are found and not drawn."""

    def __init__(self, *planned: Answer | NoAnswerError) -> None:
        self.planned = list(planned)
        self.drifts = False
        self.broken_downloads = False
        self.page_limit = 100
        self.models = list(CATALOG)
        self.staged: set[str] = set()
        self.sent: list[tuple[str, str, dict[str, str], Any]] = []
        self.files: dict[str, bytes] = {}
        self.manifests: dict[str, dict[str, Any]] = {}

    @property
    def calls(self) -> list[tuple[str, str, dict[str, str], Any]]:
        """What was asked of the API, downloads aside."""
        return [call for call in self.sent if not call[1].startswith(PICTURES)]

    @property
    def last_call(self) -> tuple[str, str, dict[str, str], Any]:
        return self.calls[-1]

    @property
    def last(self) -> Any:
        """The last request's body."""
        return self.last_call[3]

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        sent: Any = None if body is None else json.loads(body)
        self.sent.append((method, url, dict(headers), sent))
        if self.planned:
            answer = self.planned.pop(0)
            if isinstance(answer, NoAnswerError):
                raise answer
            return answer
        if url.startswith(PICTURES):
            content = self.files[url]
            name = f'inline; filename="{url.rpartition("/")[2]}"'
            broken = b"broken" if self.broken_downloads else b""
            return Answer(200, {"content-disposition": name}, content + broken)
        parts = urlsplit(url)
        if parts.path.endswith("/openapi.json"):
            return self._described()
        path = parts.path[parts.path.index("/images") :].split("/")[2:]
        match method, path:
            case "POST", []:
                return self._draw(sent)
            case "GET", []:
                return self._list({name: value[0] for name, value in parse_qs(parts.query).items()})
            case "GET", [id]:
                return self._show(id)
            case "DELETE", [id]:
                if self.manifests.pop(id, None) is None:
                    return error(404, "picture_not_found")
                return _answer({"id": id, "deleted": True, "execution_arn": "arn:e"})
            case "POST", [id, "rerun"]:
                return self._rerun(id, sent)
        return error(404, "not_found")

    def _described(self) -> Answer:
        schema = {"properties": {"model": {"enum": self.models}}}
        post = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
        return _answer({"paths": {"/images": {"post": post}}})

    def _draw(self, request: dict[str, Any]) -> Answer:
        if "recipe" in request:
            recipe = Recipe.from_dict(request["recipe"])
            found = recipe.id in self.staged
            return _answer(
                {**self._picture(recipe, drifted=not found and self.drifts), "reused": found}
            )
        first = request["seed"]
        pictures = [
            self._picture(
                Recipe(
                    model=request.get("model", DEFAULT_MODEL),
                    prompt=request["prompt"],
                    negative_prompt=request.get("negative_prompt", ""),
                    seed=first + number,
                )
            )
            for number in range(request.get("count", 1))
        ]
        if "count" not in request:
            return _answer(pictures[0])
        return _answer({"pictures": pictures, "failed": [], "execution_arn": "arn:e"})

    def _show(self, id: str) -> Answer:
        if id not in self.manifests:
            return error(404, "picture_not_found")
        manifest = self.manifests[id]
        return _answer({"manifest": manifest, "image_url": manifest["url"], "expires_at": DRAWN_AT})

    def _rerun(self, id: str, request: dict[str, Any]) -> Answer:
        if id not in self.manifests:
            return error(404, "picture_not_found")
        first = self.manifests[id]
        recipe = Recipe.from_dict({**first["recipe"], **request})
        picture = self._picture(recipe, id="f" * 32)
        verdict = "identical_bytes" if picture["sha256"] == first["sha256"] else "different"
        rerun = {"of": id, "verdict": verdict, "model": first["recipe"]["model"]}
        self.manifests[picture["id"]]["rerun_of"] = {"id": id, "verdict": verdict}
        return _answer({**picture, "rerun": rerun})

    def _list(self, query: dict[str, str]) -> Answer:
        start = int(query.get("after", 0))
        limit = min(int(query.get("limit", 20)), self.page_limit)
        manifests = list(self.manifests.values())[::-1]
        rows = [
            {
                **{name: manifest["recipe"][name] for name in ("model", "prompt", "seed")},
                **{
                    name: manifest[name]
                    for name in ("id", "published_at", "width", "height", "output_format")
                },
                "rerun_of": (manifest["rerun_of"] or {}).get("id"),
            }
            for manifest in manifests[start : start + limit]
        ]
        more = str(start + limit) if start + limit < len(manifests) else None
        return _answer({"pictures": rows, "after": more})

    def _picture(
        self, recipe: Recipe, id: str | None = None, *, drifted: bool | None = None
    ) -> dict[str, Any]:
        id = id or recipe.id
        content = _png(recipe, drifted=self.drifts if drifted is None else drifted)
        url = f"{PICTURES}/easel-{id[:8]}-seed-{recipe.seed}.png"
        self.files[url] = content
        digest = hashlib.sha256(content).hexdigest()
        self.manifests[id] = {
            "id": id,
            "recipe": recipe.to_dict(),
            "model": {"list_price_usd": 0.04},
            "guardrail": None,
            "width": 16,
            "height": 16,
            "output_format": "png",
            "sha256": digest,
            "started_at": DRAWN_AT,
            "published_at": DRAWN_AT,
            "execution_arn": "arn:aws:states:us-east-1:1:execution:machine:one",
            "rerun_of": None,
            "url": url,
        }
        return {
            "id": id,
            "image_url": url,
            "expires_at": DRAWN_AT,
            "seed": recipe.seed,
            "model": recipe.model,
            "width": 16,
            "height": 16,
            "output_format": "png",
            "sha256": digest,
            "reused": False,
            "execution_arn": "arn:aws:states:us-east-1:1:execution:machine:one",
            "trace_url": "https://console.example",
        }


def _answer(body: Mapping[str, Any]) -> Answer:
    return Answer(200, {}, json.dumps(body).encode())


def _png(recipe: Recipe, *, drifted: bool) -> bytes:
    noise = random.Random(f"{recipe.id} {drifted}")
    text = PngInfo()
    text.add_itxt("easel", json.dumps(recipe.to_dict()))
    written = io.BytesIO()
    Image.frombytes("RGB", (16, 16), noise.randbytes(768)).save(written, "PNG", pnginfo=text)
    return written.getvalue()
