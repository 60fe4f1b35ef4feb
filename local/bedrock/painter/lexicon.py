"""The English words the painter knows, and what each of them asks for."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Table: TypeAlias = dict[str, tuple[str, ...]]


def _by_word(groups: Mapping[str, str]) -> Table:
    """Turns meaning -> words into word -> meanings."""
    table: Table = {}
    for meaning, words in groups.items():
        for word in words.split():
            table[word] = (*table.get(word, ()), meaning)
    return table


SCENE_WORDS = _by_word(
    {
        "mountains": "mountain peak summit alps alpine himalaya ridge cliff volcano hiking",
        "lake": "lake pond fjord river reflection canoe kayak loch",
        "sea": "sea ocean coast coastal beach shore wave harbour harbor bay island surf cape",
        "desert": "desert dune sahara sand oasis arabian egypt pyramid",
        "canyon": "canyon mesa gorge western cowboy arizona badlands mars martian",
        "city": "city skyline skyscraper town street urban metropolis downtown building tokyo york "
        "london paris office cyberpunk futuristic traffic rooftop",
        "forest": "forest wood woods woodland jungle grove redwood bamboo mushroom",
        "snow": "snow snowy winter ski skiing skier arctic polar ice glacier christmas frozen "
        "iceberg",
        "meadow": "meadow field farm garden grass hill flower countryside village lawn park "
        "prairie tulip lavender vineyard pasture picnic",
        "space": "space galaxy planet cosmos universe nebula astronaut orbit asteroid alien saturn "
        "jupiter spaceship interstellar",
        "underwater": "underwater reef coral submarine diver aquarium seabed",
    }
)

LIGHT_WORDS = _by_word(
    {
        "dawn": "dawn sunrise morning daybreak",
        "noon": "noon day daytime midday sunny summer bright blue",
        "golden": "golden afternoon warm evening gold honey",
        "dusk": "dusk sunset twilight sundown",
        "night": "night midnight moonlight moonlit star starry dark nocturnal fireworks firework "
        "aurora firefly",
        "autumn": "autumn fall october november harvest",
        "spring": "spring april may blossom cherry sakura",
        "winter": "winter december january cold frosty snow snowy christmas",
        "neon": "neon cyberpunk futuristic synthwave vaporwave retrowave",
        "storm": "storm stormy rain rainy thunder cloudy gloomy grey gray overcast",
        "pastel": "pastel dreamy soft candy fairy",
    }
)

FIGURE_WORDS = _by_word(
    {
        "cat": "cat kitten kitty tabby feline",
        "dog": "dog puppy corgi hound canine terrier",
        "fox": "fox",
        "horse": "horse pony stallion unicorn zebra donkey",
        "deer": "deer stag reindeer moose elk",
        "person": "person man woman girl boy human portrait people child people lady king queen "
        "astronaut wizard knight farmer traveller traveler hiker monk samurai",
        "runner": "runner jogger sprinter athlete",
        "robot": "robot android droid",
        "tree": "tree oak maple apple",
        "pine": "pine fir spruce",
        "palm": "palm coconut tropical oasis",
        "house": "house home cottage cabin barn hut village farm church",
        "castle": "castle palace fortress tower kingdom",
        "windmill": "windmill mill",
        "lighthouse": "lighthouse beacon",
        "boat": "boat ship sailboat yacht sail sailing vessel canoe kayak",
        "car": "car automobile taxi truck van jeep bus",
        "bicycle": "bicycle bike cyclist cycling",
        "balloon": "balloon airship",
        "rocket": "rocket spaceship spacecraft shuttle",
        "fish": "fish shark salmon trout goldfish",
        "whale": "whale dolphin orca",
        "eagle": "eagle hawk owl raven crow parrot falcon dragon",
        "pyramid": "pyramid",
    }
)

FEATURE_WORDS = _by_word(
    {
        "birds": "bird gull seagull swallow flock goose",
        "clouds": "cloud cloudy overcast",
        "stars": "star starry constellation",
        "moon": "moon moonlight moonlit lunar",
        "sun": "sun sunny",
        "rain": "rain rainy storm thunder",
        "snowfall": "snowfall snowing blizzard snowflake",
        "fog": "fog mist misty foggy haze smoke",
        "aurora": "aurora borealis northern",
        "rainbow": "rainbow",
        "fireworks": "firework celebration festival",
        "fireflies": "firefly lantern magic magical fairy",
        "flowers": "flower tulip poppy rose daisy sunflower wildflower lavender",
        "finish": "marathon race finish sprint champion",
        "spires": "futuristic cyberpunk scifi future",
        "running": "running run jogging sprinting racing marathon race chasing sprint",
        "people": "people crowd",
    }
)

COLOUR_WORDS = _by_word(
    {
        "#e23b3b": "red crimson scarlet",
        "#f4842d": "orange ginger",
        "#f7c948": "yellow golden",
        "#3fa35b": "green",
        "#1fa59a": "teal turquoise",
        "#3d7fe0": "blue",
        "#8653c9": "purple violet",
        "#f277a8": "pink",
        "#f5f2ea": "white",
        "#26262e": "black",
        "#8a5a3b": "brown",
        "#8d919c": "grey gray silver",
    }
)

# Where a figure belongs when the prompt names no place of its own.
HOME_SCENES = {
    "lighthouse": "sea",
    "boat": "sea",
    "whale": "sea",
    "fish": "underwater",
    "rocket": "space",
    "car": "city",
    "house": "meadow",
    "windmill": "meadow",
    "horse": "meadow",
    "deer": "forest",
    "fox": "forest",
    "palm": "desert",
    "castle": "mountains",
    "eagle": "mountains",
    "tree": "meadow",
    "pine": "snow",
    "pyramid": "desert",
}


def words_of(text: str) -> list[str]:
    """Lower-case Latin words of a text, accents folded, in their order."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return re.findall(r"[a-z]+", folded.encode("ascii", "ignore").decode())


def meanings(words: Iterable[str], table: Table) -> tuple[str, ...]:
    """What the words mean in one table, without repeats, in the order of the words."""
    found = (meaning for word in words for form in _forms(word) for meaning in table.get(form, ()))
    return tuple(dict.fromkeys(found))


def _forms(word: str) -> tuple[str, ...]:
    """A word and the singulars it may be the plural of."""
    forms = [word]
    if word.endswith("ies"):
        forms.append(word[:-3] + "y")
    if word.endswith("es"):
        forms.append(word[:-2])
    if word.endswith("s"):
        forms.append(word[:-1])
    return tuple(forms)
