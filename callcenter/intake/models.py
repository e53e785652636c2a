"""Read offsets of Asterisk's files and of the journal."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.database import Base


class ReadOffset(Base):
    """Read offset of one file. Saved in the transaction that applies the lines: no line is missed or applied twice."""

    __tablename__ = "read_offset"

    node_id: Mapped[str] = mapped_column(String(12), primary_key=True)
    """The node that owns the file; empty in a single-node installation."""
    file: Mapped[str] = mapped_column(String(40), primary_key=True)
    """`cel`, `queue_log` or `journal`."""
    inode: Mapped[int] = mapped_column(BigInteger)
    """The file's inode; of the journal the segment number."""
    offset: Mapped[int] = mapped_column(BigInteger)
