"""JSON Web Tokens (RFC 7519, RFC 8725): the one algorithm, and the bounds of dates.

Pure: no I/O, no clock.
"""

import jwt
from pydantic import ValidationError

ALGORITHM = "HS256"
YEAR_9999 = 253_402_300_799  # the last second that calendars have

# The errors that reading a token and its claims can raise.
UNREADABLE = (jwt.PyJWTError, ValidationError, UnicodeError, ValueError)
