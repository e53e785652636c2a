"""Every setting of the centre, typed: defaults here, then `callcenter.toml`, then `CALLCENTER_*` in the environment.

`CALLCENTER_TELEPHONY__MAX_CALLS=40` overrides `max_calls` in the table `[telephony]`.
"""

import os
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from callcenter.core.errors import CallcenterError

TREE = Path(__file__).resolve().parent.parent
"""The work tree: `ivr_scripts/`, `knowledge_base/`, `asterisk_conf/` lie here."""


class BrokenSettings(CallcenterError):
    """The settings cannot be read."""


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"нет часового пояса «{name}»; пишите как Europe/Moscow")
    return name


class _SettingsSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CompanySettings(_SettingsSection):
    name: str = "Управляющая компания «Северный берег»"
    number: Annotated[str, Field(pattern=r"^\+7\d{10}$")] = "+78125550192"
    """The one multichannel number, E.164."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Moscow"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class TrunkKind(StrEnum):
    NONE = "none"
    REGISTRATION = "registration"
    ADDRESS = "address"


class TrunkSettings(_SettingsSection):
    """The provider's line: we register with a name, or the provider is known by its source addresses."""

    kind: TrunkKind = TrunkKind.NONE
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 5060
    user: str = ""
    password_file: Path | None = None
    """A 0600 file with the password on its first line."""
    addresses: tuple[IPv4Network, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> "TrunkSettings":
        if self.kind is TrunkKind.REGISTRATION and not (self.host and self.user and self.password_file):
            raise ValueError("линии с регистрацией нужны host, user и password_file")
        if self.kind is TrunkKind.ADDRESS and not (self.host and self.addresses):
            raise ValueError("линии по адресу нужны host и addresses")
        return self


class TelephonySettings(_SettingsSection):
    bind_address: IPv4Address = IPv4Address("127.0.0.1")
    """Where SIP and RTP listen. Loopback until you say otherwise."""
    external_address: IPv4Address | None = None
    """Our address as the provider sees it, behind NAT."""
    local_networks: tuple[IPv4Network, ...] = ()
    max_calls: Annotated[int, Field(ge=1, le=500)] = 30
    lease_seconds: Annotated[int, Field(ge=3, le=30)] = 6
    test_resident: bool = True
    """A softphone account that plays the resident; never rendered in production."""
    inband_dtmf: bool = False
    trunk: TrunkSettings = TrunkSettings()


class QueueStrategy(StrEnum):
    RRMEMORY = "rrmemory"
    LEASTRECENT = "leastrecent"
    FEWESTCALLS = "fewestcalls"
    RINGALL = "ringall"


class QueueSettings(_SettingsSection):
    dispatchers: Annotated[int, Field(ge=1, le=80)] = 8
    strategy: QueueStrategy = QueueStrategy.RRMEMORY
    ring_seconds: Annotated[int, Field(ge=5, le=60)] = 15
    wrap_up_seconds: Annotated[int, Field(ge=0, le=600)] = 15
    callback_after_seconds: Annotated[int, Field(ge=1, le=3600)] = 240
    longest_wait_seconds: Annotated[int, Field(ge=5, le=7200)] = 600
    position_every_seconds: Annotated[int, Field(ge=10, le=600)] = 45
    service_level_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    """Reports count how many waited no longer for an answer."""
    short_abandon_seconds: Annotated[int, Field(ge=0, le=60)] = 5
    """Who hung up sooner was not kept waiting, and counts in no share."""


class RecordingSettings(_SettingsSection):
    directory: Path = Path("recordings")
    """Relative paths are taken from the work tree."""
    retention_days: Annotated[int, Field(ge=1)] = 365
    low_disk_mb: Annotated[int, Field(ge=1)] = 2048


class DeskSettings(_SettingsSection):
    bind_address: IPv4Address = IPv4Address("127.0.0.1")
    session_hours: Annotated[int, Field(ge=1, le=24)] = 13


class VoiceSettings(_SettingsSection):
    """What says the robot's words."""

    engine: str = "festival"
    """One of the voices of `callcenter/speech/voices/`: festival, rhvoice, piper, silero, espeak."""
    speaker: str = ""
    """One of the voice's speakers; empty: the voice's own choice."""
    model: Path | None = None
    """The file of a voice that is a file (piper, silero). Relative paths are taken from the work tree."""


VOSK = "callcenter.hearing.server.engines.vosk"
OWN_MODEL: Final = "own"
NO_MODEL: Final = "off"


class SpeechRecognitionSettings(_SettingsSection):
    """What turns speech into words."""

    engine: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")] = VOSK
    """The speech engine: a Python module with `open_engine(model)`."""
    model: Literal["own", "off"] | Path = OWN_MODEL
    """The engine's model. `own`: the small one that set-up makes of the centre's words; `off`: nothing is heard here,
    callers press keys; else the directory of a Vosk model, relative paths taken from the work tree."""
    addresses: tuple[str, ...] = ()
    """Of ears on other machines, `host:port`, beside our own if a model is set. Nothing is proven or encrypted on the
    way."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CALLCENTER_", env_nested_delimiter="__", extra="forbid", frozen=True)

    production: bool = False
    script: str = "main"
    """The script of `ivr_scripts/` that answers the number."""
    node_id: Annotated[str, Field(pattern=r"^([a-z][a-z0-9]{0,11})?$")] = ""
    """The name of this machine where several serve one database, e.g. `north`; empty where it is the only one. Call ids
    begin with it. Never change it while calls are going on."""
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    company: CompanySettings = CompanySettings()
    telephony: TelephonySettings = TelephonySettings()
    queue: QueueSettings = QueueSettings()
    recordings: RecordingSettings = RecordingSettings()
    desk: DeskSettings = DeskSettings()
    voice: VoiceSettings = VoiceSettings()
    ear: SpeechRecognitionSettings = SpeechRecognitionSettings()

    @property
    def voice_model(self) -> Path | None:
        return TREE / self.voice.model if self.voice.model is not None else None

    @property
    def speech_model(self) -> Path | None:
        """The model that an operator chose."""
        return TREE / self.ear.model if isinstance(self.ear.model, Path) else None

    @property
    def own_model(self) -> bool:
        """Whether this machine hears with the model that set-up makes."""
        return self.ear.engine == VOSK and self.ear.model == OWN_MODEL

    @property
    def callers_are_heard(self) -> bool:
        """Whether there is an ear, our own or one elsewhere."""
        return self.own_ear or bool(self.ear.addresses)

    @property
    def own_ear(self) -> bool:
        """Whether this machine has an ear: a model, or another engine than Vosk, which needs one."""
        return self.ear.model != NO_MODEL or self.ear.engine != VOSK

    @property
    def test_resident(self) -> bool:
        return self.telephony.test_resident and not self.production

    @property
    def recordings_directory(self) -> Path:
        return TREE / self.recordings.directory

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, settings_file())


def settings_file() -> Path:
    """The TOML file in force: `$CALLCENTER_SETTINGS_FILE`, else `callcenter.toml` of the work tree."""
    return Path(os.environ.get("CALLCENTER_SETTINGS_FILE", TREE / "callcenter.toml"))


def read_settings() -> Settings:
    """The settings in force. Raises BrokenSettings naming each field, what it holds and what it may hold."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{settings_file()}: {'.'.join(str(part) for part in finding['loc']) or 'settings'} = "
            f"{finding['input']!r}: {finding['msg']}"
            for finding in error.errors()
        ]
        raise BrokenSettings("\n".join(lines)) from error
    except ValueError as error:  # the file is not TOML, or a variable is not JSON
        raise BrokenSettings(f"{settings_file()}: {error}") from error
