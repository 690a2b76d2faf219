"""The section ``data`` of a study: where the samples come from; ``Parts`` says what is made of them."""

from __future__ import annotations

from typing import ClassVar

from hwsearch.study.laws import Name
from hwsearch.study.parts_section import Parts


class Data(Parts):
    """A shipped data set.

    Attributes:
        name: Its name.
    """

    parts_published: ClassVar[bool] = True
    name: Name

    @property
    def title(self) -> str:
        """Its name."""
        return self.name
