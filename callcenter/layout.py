"""Where an instance of the centre keeps its state: one directory and one set of ports a work tree.

Nothing here lies in the work tree except `recordings/`: PostgreSQL and Asterisk run as a user who may
not be able to enter it.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ports:
    """Chosen once for an instance and kept in `HOME/ports.json`."""

    sip: int
    asterisk_http: int
    ami: int
    desk: int
    postgres: int
    rtp_start: int
    rtp_end: int
    metrics: int = 0
    """Where the controller tells Prometheus, on loopback; 0: nowhere."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of an instance below its home directory."""

    home: Path

    @property
    def ports_file(self) -> Path:
        return self.home / "ports.json"

    @property
    def secrets_file(self) -> Path:
        """TOML, 0600, readable by its owner only."""
        return self.home / "secrets.toml"

    @property
    def accounts_file(self) -> Path:
        """For people: the softphone and web accounts with their passwords, 0600."""
        return self.home / "accounts.txt"

    @property
    def postgres_data(self) -> Path:
        return self.home / "postgres"

    @property
    def socket_directory(self) -> Path:
        """UNIX sockets; the path must stay below 100 bytes."""
        return self.home / "run"

    @property
    def recognizer_socket(self) -> Path:
        """Where our own ear listens: not in `socket_directory`, which is the service user's."""
        return self.home / "ear.sock"

    @property
    def built_speech_model(self) -> Path:
        """The speech model that set-up makes of the centre's own words."""
        return self.home / "ear-model"

    @property
    def log_directory(self) -> Path:
        return self.home / "log"

    @property
    def pid_directory(self) -> Path:
        return self.home / "pid"

    @property
    def journal(self) -> Path:
        """The controller's notes that the database has not taken yet."""
        return self.home / "journal"

    @property
    def tape_spool(self) -> Path:
        """Tapes of calls that are not filed yet, `<call id>.tape.jsonl`, and the editions of scripts they name."""
        return self.home / "tapes"

    @property
    def asterisk(self) -> Path:
        """All that Asterisk may write, and its rendered configuration in `etc/`."""
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
        """Raw recordings being made: `<call id>.raw`."""
        return self.asterisk / "spool" / "monitor"

    @property
    def studio_takes(self) -> Path:
        """Takes recorded by telephone, `<number>-<moment>.wav`, and `….ok.wav` beside those that were accepted."""
        return self.asterisk / "spool" / "studio"

    @property
    def studio_text_numbers(self) -> Path:
        """The numbers of the texts that a person may record, one a line."""
        return self.home / "studio.tsv"

    @property
    def prompts(self) -> Path:
        """Rendered prompts, `<key>.wav`, 8 kHz mono 16-bit; a person's `<key>.human.wav` beside one wins."""
        return self.home / "prompts"

    @property
    def sounds(self) -> Path:
        """Asterisk's own sounds directory (astdatadir/sounds): dialplan prompts, digits, queue words, music."""
        return self.asterisk / "data" / "sounds"

    @property
    def music_on_hold(self) -> Path:
        return self.asterisk / "data" / "moh"
