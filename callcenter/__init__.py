"""A telephony-first call-centre engine for the situation centre of a housing-management company."""
