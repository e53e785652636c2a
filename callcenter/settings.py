"""All settings, typed. Precedence: `CALLCENTER_*` in the environment, then `callcenter.toml`, then the defaults here.

Example: `CALLCENTER_TELEPHONY__MAX_CALLS=40` overrides `max_calls` in the table `[telephony]`.
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
"""The work tree, with `ivr_scripts/`, `knowledge_base/` and `asterisk_conf/`."""


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
    """The multichannel number of the company, E.164."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Moscow"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class TrunkKind(StrEnum):
    NONE = "none"
    REGISTRATION = "registration"
    ADDRESS = "address"


class TrunkSettings(_SettingsSection):
    """The SIP trunk: we register with a user name, or the provider is identified by its source addresses."""

    kind: TrunkKind = TrunkKind.NONE
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 5060
    user: str = ""
    password_file: Path | None = None
    """File with the password on its first line, mode 0600."""
    addresses: tuple[IPv4Network, ...] = ()
    """Source networks of the provider (kind `address`)."""

    @model_validator(mode="after")
    def _complete(self) -> "TrunkSettings":
        if self.kind is TrunkKind.REGISTRATION and not (self.host and self.user and self.password_file):
            raise ValueError("линии с регистрацией нужны host, user и password_file")
        if self.kind is TrunkKind.ADDRESS and not (self.host and self.addresses):
            raise ValueError("линии по адресу нужны host и addresses")
        return self


class TelephonySettings(_SettingsSection):
    bind_address: IPv4Address = IPv4Address("127.0.0.1")
    """Address on which SIP and RTP listen."""
    external_address: IPv4Address | None = None
    """Our public address, when we are behind NAT."""
    local_networks: tuple[IPv4Network, ...] = ()
    """Networks that reach us without NAT."""
    max_calls: Annotated[int, Field(ge=1, le=500)] = 30
    """Inbound calls at the same time; further callers hear the overflow message and are called back."""
    lease_seconds: Annotated[int, Field(ge=3, le=30)] = 6
    """The dialplan takes a call back when the controller has not renewed its lease for this time (ADR 5). Lower: a
    frozen controller is noticed sooner; higher: fewer calls are taken back under load."""
    test_resident: bool = True
    """A softphone account that plays a resident; never rendered in production."""
    inband_dtmf: bool = False
    """Detect in-band DTMF tones if the provider offers no RFC 4733. Costs some CPU and may detect a digit in speech."""
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
    """Ringing time of one dispatcher before the next one is tried."""
    wrap_up_seconds: Annotated[int, Field(ge=0, le=600)] = 15
    callback_after_seconds: Annotated[int, Field(ge=1, le=3600)] = 240
    """Waiting time after which a callback is offered, and the interval of repeating the offer."""
    longest_wait_seconds: Annotated[int, Field(ge=5, le=7200)] = 600
    """Waiting time after which the caller leaves the queue and may leave a message."""
    position_every_seconds: Annotated[int, Field(ge=10, le=600)] = 45
    """Interval between announcements of the position in the queue."""
    service_level_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    """Service level threshold: reports count the calls answered within this time."""
    short_abandon_seconds: Annotated[int, Field(ge=0, le=60)] = 5
    """Callers who hang up sooner are short abandons and count in no ratio."""


class RecordingSettings(_SettingsSection):
    directory: Path = Path("recordings")
    """Relative paths start at the work tree."""
    retention_days: Annotated[int, Field(ge=1)] = 365
    """Recordings and transcripts are removed this many days after the call."""
    low_disk_mb: Annotated[int, Field(ge=1)] = 2048
    """Free disk space in MiB below which an alarm is raised."""


class DeskSettings(_SettingsSection):
    bind_address: IPv4Address = IPv4Address("127.0.0.1")
    session_hours: Annotated[int, Field(ge=1, le=24)] = 13


class VoiceSettings(_SettingsSection):
    """The speech synthesis of the robot."""

    engine: str = "festival"
    """Synthesizer, one of `callcenter/speech/voices/`: festival, rhvoice, piper, silero, espeak."""
    speaker: str = ""
    """Speaker of the synthesizer; empty: its default."""
    model: Path | None = None
    """Model file, for piper and silero. Relative paths start at the work tree."""


VOSK = "callcenter.hearing.server.engines.vosk"
OWN_MODEL: Final = "own"
NO_MODEL: Final = "off"


class SpeechRecognitionSettings(_SettingsSection):
    """Speech recognition."""

    engine: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")] = VOSK
    """Recognition engine: a Python module with `open_engine(model)`."""
    model: Literal["own", "off"] | Path = OWN_MODEL
    """Model of the engine. `own`: the small model that set-up builds from this project's words; `off`: no recognition
    on this machine, callers use DTMF digits; else the directory of a Vosk model, relative to the work tree."""
    addresses: tuple[str, ...] = ()
    """Recognition servers on other machines, `host:port`, used besides the local one. The connection is neither
    authenticated nor encrypted."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CALLCENTER_", env_nested_delimiter="__", extra="forbid", frozen=True)

    production: bool = False
    script: str = "main"
    """Name of the IVR script in `ivr_scripts/`, without `.yaml`."""
    node_id: Annotated[str, Field(pattern=r"^([a-z][a-z0-9]{0,11})?$")] = ""
    """Name of this node, e.g. `north`, if several nodes share one database; else empty. Call ids begin with it, so
    never change it during calls."""
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
        """The Vosk model directory from the settings; None with `own` or `off`."""
        return TREE / self.ear.model if isinstance(self.ear.model, Path) else None

    @property
    def own_model(self) -> bool:
        """Whether this machine uses the speech model built by set-up."""
        return self.ear.engine == VOSK and self.ear.model == OWN_MODEL

    @property
    def callers_are_heard(self) -> bool:
        """Whether any recognition server is configured, local or remote."""
        return self.own_ear or bool(self.ear.addresses)

    @property
    def own_ear(self) -> bool:
        """Whether this machine runs a recognition server. Only Vosk needs a model; other engines run without."""
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
    """The settings file: `$CALLCENTER_SETTINGS_FILE`, else `callcenter.toml` in the work tree."""
    return Path(os.environ.get("CALLCENTER_SETTINGS_FILE", TREE / "callcenter.toml"))


def read_settings() -> Settings:
    """Reads the settings. Raises BrokenSettings, which names each wrong field, its value and what is allowed."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{settings_file()}: {'.'.join(str(part) for part in finding['loc']) or 'settings'} = "
            f"{finding['input']!r}: {finding['msg']}"
            for finding in error.errors()
        ]
        raise BrokenSettings("\n".join(lines)) from error
    except ValueError as error:  # the file is no TOML, or a variable is no JSON
        raise BrokenSettings(f"{settings_file()}: {error}") from error
