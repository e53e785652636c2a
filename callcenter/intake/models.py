"""How far the files that Asterisk writes have been read."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.database import Base


class ReadOffset(Base):
    """Saved in the same transaction as what was read, so that nothing is missed or counted twice."""

    __tablename__ = "read_offset"

    node_id: Mapped[str] = mapped_column(String(12), primary_key=True)
    """The node whose file it is; empty where there is only one."""
    file: Mapped[str] = mapped_column(String(40), primary_key=True)
    """`cel` or `queue_log` or `journal`."""
    inode: Mapped[int] = mapped_column(BigInteger)
    offset: Mapped[int] = mapped_column(BigInteger)
