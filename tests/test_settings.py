"""Settings: where they come from, which wins, and what is said of one that cannot be."""

from pathlib import Path

import pytest

from tenuto import settings
from tenuto.settings import PoolSetting, Settings, WrongSetting, load


def written(folder: Path, text: str) -> Path:
    (folder / "tenuto.toml").write_text(text)
    return folder


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    assert load({}, tmp_path) == Settings()


def test_an_argument_beats_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    folder = written(tmp_path, 'data = "from-file"\nstage = "file"\nthreads = 3\n')
    environment = {"TENUTO_DATA": "from-env", "TENUTO_STAGE": "env"}

    found = load(environment, folder, data=Path("from-argument"), stage=None)

    assert (found.data, found.stage, found.threads) == (Path("from-argument"), "env", 3)


def test_durations_networks_and_paths_are_read(tmp_path: Path) -> None:
    environment = {
        "TENUTO_GRACE": "250ms",
        "TENUTO_RETENTION": "30d",
        "TENUTO_IDLE": "90",
        "TENUTO_HTTP_ALLOW": "127.0.0.1/32, 10.0.0.0/8",
        "TENUTO_NODES": "a:b",
    }

    found = load(environment, tmp_path)

    assert (found.grace, found.retention, found.idle) == (0.25, 30 * 86_400, 90)
    assert [str(network) for network in found.http_allow] == ["127.0.0.1/32", "10.0.0.0/8"]
    assert found.nodes == (Path("a"), Path("b"))


@pytest.mark.parametrize("text", ["0", "8090", "65535"])
def test_a_port_may_be_any(tmp_path: Path, text: str) -> None:
    """0: whichever is free, as at the command line."""
    assert load({"TENUTO_PORT": text}, tmp_path).port == int(text)


def test_pools_and_variables_come_from_the_file(tmp_path: Path) -> None:
    """SEMANTICS 42 and 48."""
    folder = written(
        tmp_path,
        '[pools.openai]\nconcurrency = 4\nrate = 2.5\n[vars]\ngreeting = "hi"\nsize = 1\n[vars.prod]\nsize = 2\n',
    )

    found = load({}, folder)

    assert found.pools == {"openai": PoolSetting(4, 2.5)}
    assert found.variables("dev") == {"greeting": "hi", "size": 1}
    assert found.variables("prod") == {"greeting": "hi", "size": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stagge = 'x'", "did you mean `stage`"),
        ("threads = 0", "a whole number, at least 1"),
        ("threads = true", "a whole number"),
        ("grace = 'soon'", "a duration such as 30s"),
        ("http_allow = ['no']", "`no` is no network"),
        ("data = 3", "it takes text"),
        ("nodes = 3", "a list of paths"),
        ("vars = 3", "a table"),
        ("[pools.x]\nlimit = 3", "`limit` of pool `x` is neither"),
        ("[pools.x]\nrate = 0", "a rate above 0"),
        ("= nonsense", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_what_would_be_right(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(WrongSetting, match=r"tenuto\.toml") as wrong:
        load({}, written(tmp_path, text))

    assert message in str(wrong.value)


@pytest.mark.parametrize("wrong", ["mysql://user:hunter2@host/name", "hunter2", "postgresql://user:hunter2@host", 3])
def test_a_wrong_address_of_a_database_is_not_repeated(wrong: object) -> None:
    """There may be a password in it."""
    with pytest.raises(WrongSetting, match="database_url") as refused:
        load({"TENUTO_DATABASE_URL": str(wrong)}, Path("/nowhere"))

    assert "hunter2" not in str(refused.value)
    assert "postgresql://user:password@host" in str(refused.value)


def test_a_database_is_shown_without_its_password() -> None:
    """In the settings as a whole too, which `doctor` and a traceback show; who connects has it all."""
    whole = "postgres://me:hunter2@db.example:5433/runs?password=hunter3&sslmode=require"

    found = load({"TENUTO_DATABASE_URL": whole}, Path("/nowhere"))

    assert found.database_url is not None
    assert str(found.database_url) == "postgres://me:***@db.example:5433/runs"
    assert found.database_url.whole == whole
    assert found.database_url.plain == f"postgresql{whole.removeprefix('postgres')}"
    assert "hunter" not in f"{found} {found!r} {found.database_url!r}"


def test_an_odd_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tenuto.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WrongSetting):
        load({}, tmp_path)


def test_a_setting_of_the_environment_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="the environment: `threads`"):
        load({"TENUTO_THREADS": "many"}, tmp_path)


def test_every_setting_has_its_line_in_the_reference() -> None:
    rows = settings.table()

    assert {name for name, *_ in rows} == set(Settings.__dataclass_fields__)
    assert all(text.endswith(".") and len(text) > 20 for *_, text in rows)


@pytest.mark.parametrize(
    "origins", ["*", "null", "https://*.example.com", "https://a.example.com/path", "app.example.com"]
)
def test_only_exact_origins_may_read_the_api(tmp_path: Path, origins: str) -> None:
    """Never every page, nor one that hides where it comes from."""
    with pytest.raises(WrongSetting, match="origins such as"):
        load({"TENUTO_CORS_ORIGINS": origins}, tmp_path)


@pytest.mark.parametrize(
    "limits", ['start = "many"', 'start = "0/1m"', 'start = "5/0s"', "start = 5", 'begin = "5/1m"']
)
def test_a_limit_that_is_no_rate_is_said(tmp_path: Path, limits: str) -> None:
    """With what it takes."""
    (tmp_path / "tenuto.toml").write_text(f"[limits]\n{limits}\n")

    with pytest.raises(WrongSetting, match="limits"):
        load({}, tmp_path)


def test_limits_are_rates_or_off(tmp_path: Path) -> None:
    """In any unit of time."""
    (tmp_path / "tenuto.toml").write_text('[limits]\nstart = "600/1m"\nread = "off"\n')

    assert load({}, tmp_path).limits == {"start": (600, 60), "read": None}


def test_models_and_their_prices_come_from_the_file_and_the_default_from_the_environment(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        'model = "haiku"\nprice_file = "prices.toml"\n[models]\nhaiku = "openai:gpt-6-luna"\n'
        '[prices]\n"openai:x" = {input = 1, output = 2}\n',
    )

    found = load({"TENUTO_MODEL": "scripted:demo", "TENUTO_SHARE_MODEL_KEYS": "yes"}, folder)

    assert (found.model, found.models["haiku"].models) == ("scripted:demo", ("openai:gpt-6-luna",))
    assert (found.prices["openai:x"].output, found.price_file, found.share_model_keys) == (
        2.0,
        Path("prices.toml"),
        True,
    )
    with pytest.raises(WrongSetting, match=r"`models` is .*; it takes .*`a b` is none"):
        load({}, written(tmp_path, '[models]\n"a b" = "openai:x"\n'))
