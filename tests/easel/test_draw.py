"""`easel draw`: the request it makes and the files it writes."""

import json
from pathlib import Path

import pytest

from easel.api import Answer
from easel.exits import Exit
from easel.picture_file import read_recipe
from lambdas.common.recipe import Recipe
from tests.easel.command_line import OTHER_MODEL, CommandLine
from tests.easel.fake_api import error


class TestDraw:
    def test_a_picture_is_written_under_the_name_that_the_server_suggests(
        self, easel: CommandLine
    ) -> None:
        drawn = easel("draw", "a", "cat", "--seed", "42")

        assert drawn.exit_code == Exit.OK
        (name,) = easel.files
        assert name.endswith("-seed-42.png")
        assert read_recipe(Path(name).read_bytes())["prompt"] == "a cat"
        assert name in drawn.stdout
        assert "42" in drawn.stdout
        assert drawn.stderr == ""

    def test_every_option_becomes_its_field(self, easel: CommandLine) -> None:
        easel(
            "draw", "a cat", "--seed", "1", "--model", OTHER_MODEL, "--style", "origami",
            "--aspect", "16:9", "--negative", "dogs", "--count", "2", "--out", "cat.jpg",
        )  # fmt: skip

        assert easel.api.last == {
            "prompt": "a cat",
            "seed": 1,
            "model": OTHER_MODEL,
            "style_preset": "origami",
            "aspect_ratio": "16:9",
            "negative_prompt": "dogs",
            "output_format": "jpeg",
            "count": 2,
        }

    def test_what_single_models_take_becomes_a_field_too(self, easel: CommandLine) -> None:
        easel(
            "draw", "a cat", "--seed", "1", "--width", "1152", "--height", "896", "--steps", "40",
            "--cfg-scale", "7.5", "--quality", "premium", "--no-recipe",
        )  # fmt: skip

        assert easel.api.last == {
            "prompt": "a cat",
            "seed": 1,
            "width": 1152,
            "height": 896,
            "steps": 40,
            "cfg_scale": 7.5,
            "quality": "premium",
            "recipe_in_picture": False,
        }

    @pytest.mark.parametrize("options", [(), ("--seed", "5")], ids=["without a seed", "with one"])
    def test_a_key_is_sent_and_the_service_draws_the_seed(
        self, easel: CommandLine, options: tuple[str, ...]
    ) -> None:
        planned = easel.api.request("POST", "x/images", {}, b'{"prompt": "a cat", "seed": 5}')
        easel.api.planned = [planned]

        drawn = easel("draw", "a cat", "--idempotency-key", "k-1", *options)

        assert drawn.exit_code == Exit.OK
        assert easel.api.last_call[2]["idempotency-key"] == "k-1"
        assert easel.api.last.get("seed") == (5 if options else None)

    @pytest.mark.parametrize(
        "wrapped", ["{}", '{{"recipe": {}}}', '{{"manifest": {{"recipe": {}}}}}']
    )
    def test_a_recipe_in_json_is_the_whole_request(self, easel: CommandLine, wrapped: str) -> None:
        recipe = Recipe(OTHER_MODEL, "a cat", "", 5, {"output_format": "png"}).to_dict()
        Path("recipe.json").write_text(wrapped.format(json.dumps(recipe)))

        drawn = easel("draw", "--recipe", "recipe.json", "--no-recipe", "--out", "cat.png")

        assert drawn.exit_code == Exit.OK
        assert easel.api.last == {"recipe": recipe, "recipe_in_picture": False}

    def test_a_picture_carries_a_recipe(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--seed", "5", "--out", "cat.png")

        easel("draw", "--recipe", "cat.png", "--out", "again.png")

        assert easel.api.last["recipe"]["seed"] == 5
        assert Path("again.png").read_bytes() == Path("cat.png").read_bytes()

    @pytest.mark.parametrize(
        ("args", "exit"),
        [
            (("a cat", "--recipe", "recipe.json"), Exit.USAGE),
            (("--recipe", "recipe.json", "--seed", "5"), Exit.USAGE),
            (("--recipe", "recipe.json", "--out", "cat.jpg"), Exit.USAGE),
            (("--recipe", "none.json"), Exit.HERE),
            (("--recipe", "broken.json"), Exit.HERE),
            (("--recipe", "other.json"), Exit.HERE),
            (("--recipe", "list.json"), Exit.HERE),
        ],
        ids=["prompt", "option", "format", "no file", "no JSON", "no recipe", "a list"],
    )
    def test_what_does_not_fit_a_recipe_is_said_before_anything_is_paid(
        self, easel: CommandLine, args: tuple[str, ...], exit: Exit
    ) -> None:
        recipe = Recipe(OTHER_MODEL, "a cat", "", 5, {"output_format": "png"})
        Path("recipe.json").write_text(recipe.canonical_json)
        Path("broken.json").write_text('{"version": ')
        Path("other.json").write_text('{"recipe": 5}')
        Path("list.json").write_text('{"manifest": [1]}')

        drawn = easel("draw", *args)

        assert (drawn.exit_code, easel.api.sent) == (exit, [])

    @pytest.mark.parametrize("options", [(), ("--seed", "0")], ids=["none", "0"])
    def test_a_seed_is_drawn_here_where_there_is_none(
        self, easel: CommandLine, options: tuple[str, ...]
    ) -> None:
        easel("draw", "a cat", *options)

        assert 1 <= easel.api.last["seed"] <= 2_147_483_646
        assert easel.api.last.keys() == {"prompt", "seed"}

    def test_several_pictures_are_numbered(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--count", "3", "--out", "cat.png")

        assert easel.files == ["cat-1.png", "cat-2.png", "cat-3.png"]

    def test_a_directory_takes_the_servers_names(self, easel: CommandLine) -> None:
        Path("cats").mkdir()

        easel("draw", "a cat", "--seed", "7", "--count", "2", "--out", "cats")

        assert [path.suffix for path in Path("cats").iterdir()] == [".png", ".png"]

    @pytest.mark.parametrize(
        ("there", "options"),
        [("cat.png", ()), ("cat-2.png", ("--count", "2"))],
        ids=["one", "one of several"],
    )
    def test_a_file_that_is_there_is_refused_before_anything_is_paid(
        self, easel: CommandLine, there: str, options: tuple[str, ...]
    ) -> None:
        Path(there).write_bytes(b"mine")

        drawn = easel("draw", "a cat", "--out", "cat.png", *options)

        assert drawn.exit_code == Exit.USAGE
        assert "--force" in drawn.stderr
        assert easel.api.sent == []
        assert Path(there).read_bytes() == b"mine"

    def test_force_overwrites(self, easel: CommandLine) -> None:
        Path("cat.png").write_bytes(b"mine")

        easel("draw", "a cat", "--out", "cat.png", "--force")

        assert read_recipe(Path("cat.png").read_bytes())["prompt"] == "a cat"

    def test_the_same_picture_again_is_no_conflict(self, easel: CommandLine) -> None:
        codes = [easel("draw", "a cat", "--seed", "1").exit_code for _ in range(2)]

        assert codes == [Exit.OK, Exit.OK]
        assert len(easel.files) == 1

    def test_another_file_under_the_suggested_name_stays(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--seed", "1")
        (name,) = easel.files
        Path(name).write_bytes(b"mine")

        drawn = easel("draw", "a cat", "--seed", "1")

        assert drawn.exit_code == Exit.USAGE
        assert Path(name).read_bytes() == b"mine"

    def test_a_directory_that_is_not_there_is_said_first(self, easel: CommandLine) -> None:
        drawn = easel("draw", "a cat", "--out", "no/where.png")

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])

    def test_a_download_that_is_not_the_picture_is_not_kept(self, easel: CommandLine) -> None:
        easel.api.broken_downloads = True

        drawn = easel("draw", "a cat")

        assert drawn.exit_code == Exit.FAILED
        assert "SHA-256" in drawn.stderr
        assert easel.files == []

    @pytest.mark.parametrize(
        "name", ["../evil.png", "/etc/evil.png", ".bashrc", "a\nb.png"], ids=repr
    )
    def test_a_suggested_name_never_leads_elsewhere(self, easel: CommandLine, name: str) -> None:
        picture = easel.api.request(
            "POST", "x/images", headers={}, body=b'{"prompt": "x", "seed": 5}'
        )
        content = easel.api.files[json.loads(picture.content)["image_url"]]
        easel.api.planned = [
            picture,
            Answer(200, {"content-disposition": f'inline; filename="{name}"'}, content),
        ]

        easel("draw", "x")

        (written,) = easel.files
        assert written.startswith("easel-")

    def test_open_opens_the_file(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--out", "cat.png", "--open")

        assert easel.opened == ["cat.png"]

    def test_a_format_that_does_not_fit_the_file_is_refused(self, easel: CommandLine) -> None:
        drawn = easel("draw", "a cat", "--out", "cat.png", "--format", "jpeg")

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])

    def test_some_that_failed_of_several_are_named_and_the_others_kept(
        self, easel: CommandLine
    ) -> None:
        several = easel.api.request(
            "POST", "x/images", headers={}, body=b'{"prompt": "x", "seed": 5, "count": 2}'
        )
        failure = {"seed": 6, "status": 502, "error": {"message": "The model failed."}}
        body = json.loads(several.content)
        body |= {"pictures": body["pictures"][:1], "failed": [failure]}
        easel.api.planned = [Answer(200, {}, json.dumps(body).encode())]

        drawn = easel("draw", "x", "--seed", "5", "--count", "2")

        assert drawn.exit_code == Exit.FAILED
        assert "seed 6" in drawn.stderr
        assert len(easel.files) == 1

    def test_what_others_wrote_cannot_steer_the_terminal(self, easel: CommandLine) -> None:
        easel.api.planned = [error(400, "invalid_value", message="\x1b[2Jgone\nbad")]

        drawn = easel("draw", "x")

        assert "\x1b" not in drawn.stderr
        assert drawn.stderr.count("\n") == 1

    def test_nor_can_it_in_json(self, easel: CommandLine) -> None:
        message = "\x9b2J\u202e\x7f and ü"
        body = json.loads(error(400, "invalid_value", message=message).content)
        raw = json.dumps(body, ensure_ascii=False).encode()
        easel.api.planned = [Answer(400, {}, raw)]

        drawn = easel("draw", "x", "--json")

        assert drawn.stdout.strip().isprintable()
        assert json.loads(drawn.stdout)["error"]["message"] == message
