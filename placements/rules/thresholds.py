"""The numbers of the gate, from law and guidance; settings a trust may make stricter."""

# Above this many hours a week provision counts as full-time, which only a registered school may give.
UNREGISTERED_HOURS = 18
# From this many students full-time, a provider has to register as a school whoever they are.
UNREGISTERED_STUDENTS = 5
# Above this many sessions a week the page warns.
UNREGISTERED_SESSIONS = 4
# A visit to the home is renewed each half-term: seven weeks, the longest usual one.
HOME_VISIT_DAYS = 49
