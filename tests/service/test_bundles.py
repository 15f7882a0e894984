"""Bundles as files and as zips: what is read of them, and what of a hostile one is not."""

import io
import tomllib
import zipfile

import pytest

from tenuto.service import bundles
from tenuto.service.bundles import MAX_FILES, MAX_TOTAL, Needed
from tenuto.service.refusals import Refused

FLOW = b"flow: a\n"


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            # A time of its own, not of the clock: the bytes name a case below, and a name may not change between runs.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


class TestFiles:
    def test_a_manifest_says_what_is_needed_by_name(self):
        """It is TOML, and is read as it was written."""
        needs = Needed(("A", "B"), ("KEY",), ("http.request",), ("dev",))
        text = bundles.manifest(needs, "research")
        found = bundles.read({"tenuto.toml": text, "flows/research.yaml": FLOW})

        assert found.needs == needs
        assert tomllib.loads(text.decode())["needs"]["secrets"] == ["KEY"]
        assert found.problems == []

    def test_dots_in_names_and_comments_are_no_keys(self):
        needs = Needed(nodes=tuple(f"http.request{n}" for n in range(50)))
        text = bundles.manifest(needs, "research") + b"# " + b"." * 50

        found = bundles.read({"tenuto.toml": text, "flows/research.yaml": FLOW})

        assert (found.needs, found.problems) == (needs, [])

    def test_texts_say_their_format_and_the_version_they_are_called_by(self):
        """By the name of the file."""
        found = bundles.read({"flows/a.yaml": FLOW, "flows/b@12.json": b"{}", "flows/c.yml": FLOW})

        assert [(text.file, text.format, text.pinned) for text in found.texts] == [
            ("flows/a.yaml", "yaml", None),
            ("flows/b@12.json", "json", 12),
            ("flows/c.yml", "yaml", None),
        ]

    @pytest.mark.parametrize(
        "name",
        ["flows/../../etc/passwd", "/flows/a.yaml", "flows\\a.yaml", "a.yaml", "flows/a.yaml\x00", "flows/A.yaml",
         "flows/a@0.yaml", "flows/a@1@2.yaml", "C:flows/a.yaml", "flows/\u202ea.yaml", "x" * 5_000],
    )  # fmt: skip
    def test_other_files_are_ignored_and_said_to_be(self, name: str):
        """SECURITY 72: whatever they are called, nothing is read or written by that name."""
        found = bundles.read({name: FLOW, "flows/ok.yaml": FLOW})

        assert [text.file for text in found.texts] == ["flows/ok.yaml"]
        assert [(problem.code, problem.severity) for problem in found.problems] == [("ignored", "warning")]
        assert len(found.problems[0].path) <= 100
        assert found.problems[0].path.isprintable()

    def test_nothing_in_it_is_a_problem(self):
        """It says how flows are called."""
        found = bundles.read({})

        assert [problem.code for problem in found.problems] == ["empty"]

    @pytest.mark.parametrize(
        "text",
        [
            b"\xff", b"= 1", b"needs = 1", b"[needs]\nvariables = 1", b"[needs]\nnodes = [1]", b"x = " + b"1" * 5_000,
            b"#" * 100_000, b"a." * 3_000 + b"a = 1", b"[" + b"a." * 3_000 + b"a]", b'"a".' * 3_000 + b"a = 1",
            b'x = ["""\n""", {' + b"a." * 3_000 + b'a = "x"}]', b"x = ['.', {" + b"a." * 3_000 + b"a = '.'}]",
        ],
    )  # fmt: skip
    def test_a_manifest_that_cannot_be_read_is_a_problem(self, text: bytes):
        """And what it does not say is needed by nobody. Nothing is parsed that would take more memory than there is."""
        found = bundles.read({"tenuto.toml": text, "flows/a.yaml": FLOW})

        assert len(found.problems) == 1
        assert found.needs == Needed()


class TestZips:
    def test_the_same_files_make_the_same_zip(self):
        """Byte for byte, in whatever order they came."""
        one = bundles.pack({"flows/a.yaml": FLOW, "tenuto.toml": b"x"})
        other = bundles.pack({"tenuto.toml": b"x", "flows/a.yaml": FLOW})

        assert one == other
        assert bundles.unpack(one) == {"flows/a.yaml": FLOW, "tenuto.toml": b"x"}

    @pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut", zipped(("a", b"1" * 1000))[:-40]])
    def test_what_is_no_zip_is_refused(self, content: bytes):
        """In a sentence, not with a traceback."""
        with pytest.raises(Refused, match="no zip file, or a damaged one"):
            bundles.unpack(content)

    def test_damaged_content_is_refused(self):
        """The checksums are looked at."""
        content = bytearray(bundles.pack({"flows/a.yaml": b"flow: a\n" * 100}))
        content[45] ^= 0xFF

        with pytest.raises(Refused):
            bundles.unpack(bytes(content))

    def test_a_file_that_unfolds_is_read_only_so_far(self):
        """SECURITY 73: 100 MB of nothing in 100 kB. What is cut off is too large for a document, and said to be."""
        bomb = zipped(("flows/a.yaml", b"0" * 100_000_000))

        files = bundles.unpack(bomb)

        assert len(files["flows/a.yaml"]) == 2**20 + 1

    def test_many_that_unfold_are_too_large_together(self):
        """The sum is bounded, too."""
        content = b"0" * 2**20
        bomb = zipped(*((f"flows/a{number}.yaml", content) for number in range(MAX_TOTAL // 2**20 + 1)))

        with pytest.raises(Refused) as caught:
            bundles.unpack(bomb)

        assert caught.value.code == "too_large"

    def test_too_many_files_are_refused(self):
        """Before any is read."""
        with pytest.raises(Refused) as caught:
            bundles.unpack(zipped(*((f"{number}", b"") for number in range(MAX_FILES + 1))))

        assert caught.value.code == "too_large"

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_a_name_that_is_there_twice_is_refused(self):
        """Two readers could see two bundles."""
        with pytest.raises(Refused, match="twice"):
            bundles.unpack(zipped(("flows/a.yaml", b"1"), ("flows/a.yaml", b"2")))
