"""HTTP to servers of this machine, without what TLS costs.

A client of httpx reads every root certificate unless it is told whom to trust: twenty milliseconds of the
processor each time, and each call without a client of its own makes one.
"""

import ssl

#: What a client that calls only http:// addresses gives as `verify`: it trusts nobody.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
