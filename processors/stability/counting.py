"""Numbers that are said one behind the other, as their digits."""

from __future__ import annotations

_TEN, _HUNDRED, _THOUSAND = 10, 100, 1000


class Count:
    """Numbers that are said one behind the other, as their digits."""

    def __init__(self) -> None:
        self.written = ""
        #: The number that is being said: what a thousand or more has closed, and what is open below that.
        self._closed = self._open = 0
        self._begun = False

    @property
    def digits(self) -> str:
        """Of all that was said."""
        return self.written + (str(self._closed + self._open) if self._begun else "")

    def end(self) -> None:
        """The number is over."""
        self.written = self.digits
        self._closed = self._open = 0
        self._begun = False

    def add(self, value: int) -> None:
        """A number below a million: it goes on with the one being said where it can, else it begins the next."""
        if value >= _THOUSAND:
            if self._open or self._closed % (_THOUSAND * _THOUSAND):
                self.end()
            self._closed += value - value % _THOUSAND
            self._open, self._begun = value % _THOUSAND, True
            return
        free = self._open % _HUNDRED == 0 if self._open >= _HUNDRED else not self._open and self._closed
        free = free and (value < _HUNDRED or not self._open)
        ten = self._open % _HUNDRED >= 2 * _TEN and self._open % _TEN == 0 and 0 < value < _TEN
        if not (free or ten):
            self.end()
        self._open += value
        self._begun = True

    def write(self, digits: str) -> None:
        """A number in digits."""
        self.end()
        self._open, self._begun = int(digits), True
        if str(self._open) != digits:
            self.written, self._open, self._begun = self.written + digits, 0, False

    def multiply(self, power: int) -> None:
        """A hundred, a thousand or more."""
        if power < _THOUSAND:
            self._open = (self._open or 1) * power
        else:
            self._closed, self._open = self._closed + (self._open or 1) * power, 0
        self._begun = True
