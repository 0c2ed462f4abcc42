"""Limit the rate of tries to log in, before they cost a password hash.

The limits must slow down an attacker without letting anyone lock another person out. There are
three, and each counts a try when it arrives, before it waits for a hash:

- **Name and address together**: five tries are free, then the wait doubles. Other people's failures
  do not count here, so a person with an address of their own is never locked out by others.
- **Address**: a burst, then one try a second. It limits the cost of tries with random names.
- **Name**: a burst, then one try every two seconds, from all addresses together. It limits how many
  guesses at one password can be made from many addresses.

If a name has logged in from an address before, only the first limit applies, and its longest wait
is half a minute: an attacker who floods the name, or shares the address, can't lock its owner out.
One weakness remains: a user who logs in for the first time from a shared address, or from a new
address while many addresses guess their password, competes with the attackers for the tries that
are allowed.

All counts are kept in bounded memory and are lost at a restart.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict

from jupyter_sessions.core.accounts.passwords import BackOff, too_many_tries

_REMEMBERED = 10_000
_LONGEST_WAIT_WHERE_KNOWN = 30.0  # seconds
# The message does not say which limit applied, since that could reveal what is known of a name.
_WHAT = "login attempts"
_HINT = "If you have lost the password, ask the server's administrator for a new one."


class Allowance:
    """An allowance of tries for each name: a burst, then one every so many seconds.

    Parameters
    ----------
    burst
        How many tries may come at once.
    interval
        The seconds until one more try is allowed.
    """

    def __init__(self, burst: int, interval: float) -> None:
        self._burst = burst
        self._interval = interval
        # When a name's whole burst will be available again; each try moves that time away.
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def wait(self, name: str) -> float:
        """Return the seconds until a try is allowed; 0 or less if it is allowed now."""
        ahead = self._full_at.get(name, 0.0) - time.monotonic()
        return ahead - (self._burst - 1) * self._interval

    def take(self, name: str) -> None:
        """Use up a try."""
        whole_at = max(self._full_at.pop(name, 0.0), time.monotonic())
        self._full_at[name] = whole_at + self._interval
        while len(self._full_at) > _REMEMBERED:
            self._full_at.popitem(last=False)

    def give_back(self, name: str) -> None:
        """Undo a call of `take`."""
        if name in self._full_at:
            self._full_at[name] -= self._interval


class LoginTries:
    """Limits on tries to log in; safe for use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._together = BackOff(_WHAT, _HINT)
        self._by_address = Allowance(20, 1.0)
        self._by_name = Allowance(100, 2.0)
        self._known: OrderedDict[str, None] = OrderedDict()

    def begin(self, name: str, address: str) -> bool:
        """Count a try as failed, until `succeeded` or `withdraw` corrects that.

        Parameters
        ----------
        name
            The user's name, case-folded; it need not exist.
        address
            The caller's network address.

        Returns
        -------
        bool
            Whether the name has logged in from this address before.

        Raises
        ------
        TooManyTries
            If the caller must wait.
        """
        both = _both(name, address)
        with self._lock:
            if both in self._known:
                self._together.begin(both, _LONGEST_WAIT_WHERE_KNOWN)
                return True
            network = get_network(address)
            wait = max(self._by_address.wait(network), self._by_name.wait(name))
            if wait > 0:
                raise too_many_tries(_WHAT, wait, _HINT)
            self._together.begin(both)
            self._by_address.take(network)
            self._by_name.take(name)
            return False

    def succeeded(self, name: str, address: str) -> None:
        """Record that the password was correct: the name is known at that address from now on."""
        both = _both(name, address)
        with self._lock:
            self._give_back(name, address)
            self._together.succeeded(both)
            self._known.pop(both, None)
            self._known[both] = None
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def withdraw(self, name: str, address: str) -> None:
        """Withdraw a counted try that had no outcome."""
        with self._lock:
            self._give_back(name, address)
            self._together.withdraw(_both(name, address))

    def _give_back(self, name: str, address: str) -> None:
        if _both(name, address) not in self._known:
            self._by_address.give_back(get_network(address))
            self._by_name.give_back(name)


def _both(name: str, address: str) -> str:
    return f"{name}\0{address}"


def get_network(address: str) -> str:
    """Return the network that is counted as one address: for IPv6, the first 64 bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(parsed.ipv4_mapped or int(parsed) >> 64)
