"""Paths and ports of an instance. Each work tree has one instance: one home directory and one set of ports.

All paths are outside the work tree, because PostgreSQL and Asterisk run as a user who may have no access to it. (Filed
recordings are in the work tree: `Settings.recordings_directory`.)
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of an instance, chosen once and saved in `ports.json` in its home directory."""

    sip: int
    asterisk_http: int
    ami: int
    desk: int
    postgres: int
    rtp_start: int
    rtp_end: int
    metrics: int = 0
    """Port of the controller's Prometheus metrics, on loopback; 0: no metrics."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of an instance below its home directory."""

    home: Path

    @property
    def ports_file(self) -> Path:
        return self.home / "ports.json"

    @property
    def secrets_file(self) -> Path:
        """Generated passwords, TOML, mode 0600."""
        return self.home / "secrets.toml"

    @property
    def accounts_file(self) -> Path:
        """Softphone and web accounts with their passwords, for people; mode 0600."""
        return self.home / "accounts.txt"

    @property
    def postgres_data(self) -> Path:
        return self.home / "postgres"

    @property
    def socket_directory(self) -> Path:
        """UNIX sockets. The path must stay below 100 bytes: Linux allows 108 bytes for a socket address (unix(7))."""
        return self.home / "run"

    @property
    def recognizer_socket(self) -> Path:
        """Socket of the local recognition server. Not in `socket_directory`, which belongs to the service user."""
        return self.home / "ear.sock"

    @property
    def built_speech_model(self) -> Path:
        """The speech model that set-up builds from this project's words."""
        return self.home / "ear-model"

    @property
    def log_directory(self) -> Path:
        return self.home / "log"

    @property
    def pid_directory(self) -> Path:
        return self.home / "pid"

    @property
    def journal(self) -> Path:
        """Directory of the journal: the controller's notes not yet applied to the database."""
        return self.home / "journal"

    @property
    def tape_spool(self) -> Path:
        """Tapes not filed yet, `<call id>.tape.jsonl`, and the script editions that they refer to."""
        return self.home / "tapes"

    @property
    def asterisk(self) -> Path:
        """Everything that Asterisk writes, and its rendered configuration in `etc/`."""
        return self.home / "asterisk"

    @property
    def asterisk_etc(self) -> Path:
        return self.asterisk / "etc"

    @property
    def asterisk_logs(self) -> Path:
        return self.asterisk / "log"

    @property
    def cel_file(self) -> Path:
        return self.asterisk_logs / "cel.jsonl"

    @property
    def queue_log(self) -> Path:
        return self.asterisk_logs / "queue_log"

    @property
    def raw_recordings(self) -> Path:
        """Raw recordings not filed yet, `<call id>.raw`."""
        return self.asterisk / "spool" / "monitor"

    @property
    def studio_takes(self) -> Path:
        """Takes recorded by telephone, `<number>-<time>.wav`, with `….ok.wav` beside each accepted one."""
        return self.asterisk / "spool" / "studio"

    @property
    def studio_text_numbers(self) -> Path:
        """Numbers of the texts that a person may record, one per line."""
        return self.home / "studio.tsv"

    @property
    def prompts(self) -> Path:
        """Synthesized prompts `<key>.wav`, 8 kHz mono 16-bit. A human recording `<key>.human.wav` takes precedence."""
        return self.home / "prompts"

    @property
    def sounds(self) -> Path:
        """Asterisk's sounds directory (astdatadir/sounds): prompts of the dialplan, digits, queue announcements,
        music."""
        return self.asterisk / "data" / "sounds"

    @property
    def music_on_hold(self) -> Path:
        return self.asterisk / "data" / "moh"
