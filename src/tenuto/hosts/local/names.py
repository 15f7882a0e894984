"""Names of runs: an id for programs, ordered by time so that indexes stay warm, and a name that people remember."""

import os
import time

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
_ID_LENGTH = 26
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_SHIFTS = range(5 * (_ID_LENGTH - 2), -1, -10)
_POOL = 1_600


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ADJECTIVES = _words(
    "able airy amber ample apt avid bold brave breezy brief bright brisk calm candid civil clear clever cosy "
    "crisp curious dapper daring deft eager early earnest easy even fair famous fancy fast fearless fine firm "
    "fleet fond frank free fresh friendly gentle genuine glad gleaming golden good grand grateful happy hardy "
    "hearty honest humble ideal jolly jovial joyful keen kind lively loyal lucid lucky mellow merry mild modest "
    "neat nimble noble open patient plucky polite proud quick quiet rapid ready regal robust rosy serene sharp "
    "shiny silent simple sincere sleek smart snug sober solid spry stable steady stout sturdy sunny sure swift "
    "tidy tranquil true upbeat vivid warm wise witty zesty"
)

_ANIMALS = _words(
    "adder albatross alpaca antelope badger bat bear beaver bee bison bobcat buffalo camel canary caribou "
    "cheetah chipmunk cicada condor coral cougar coyote crane cricket crow curlew deer dingo dolphin donkey dove "
    "dragonfly duck eagle egret eland elk falcon ferret finch firefly flamingo fox gazelle gecko gibbon giraffe "
    "goat goose grouse gull hare hawk hedgehog heron hornet horse ibex ibis iguana impala jackal jaguar jay "
    "kestrel kingfisher kiwi koala lark lemur leopard lion lizard llama lobster lynx macaw magpie marmot marten "
    "mole moose moth narwhal newt nightingale ocelot octopus oriole osprey otter owl panda panther parrot "
    "pelican penguin pheasant plover pony puffin puma quail rabbit raccoon raven robin salmon seal sparrow "
    "squirrel stork swallow swan swift tapir tern thrush tiger toucan trout turtle viper walrus weasel whale "
    "wolf wombat wren yak zebra"
)


class Names:
    """Gives ids and names. Chance is taken from the system in larger pieces: asking is slow in some sandboxes."""

    def __init__(self) -> None:
        self._chance = b""
        self._last = 0

    def run_id(self) -> str:
        """48 bits of milliseconds, 80 bits of chance; always after the one before."""
        number = (int(time.time() * 1000) << 80) | int.from_bytes(self._take(10))
        self._last = max(number, self._last + 1)
        return _text(self._last)

    def run_name(self) -> str:
        """Such as `brave-otter-7f3a`."""
        bits = self._take(6)
        adjective = _ADJECTIVES[int.from_bytes(bits[:2]) % len(_ADJECTIVES)]
        animal = _ANIMALS[int.from_bytes(bits[2:4]) % len(_ANIMALS)]
        return f"{adjective}-{animal}-{bits[4:].hex()}"

    def _take(self, count: int) -> bytes:
        if len(self._chance) < count:
            self._chance = os.urandom(_POOL)
        taken, self._chance = self._chance[:count], self._chance[count:]
        return taken


def _text(number: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])
