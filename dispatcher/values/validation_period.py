"""Until when a debt may be disputed after a validation notice (12 CFR 1006.34(b)(5)): the day that it prints."""

from datetime import date, timedelta
from functools import lru_cache

VALIDATION = "validation"  # the kind of notice
# The law lets receipt be assumed on any day from the fifth on, Saturdays, Sundays and federal holidays not counted
# (comment 34(b)(5)-1). Five more cover a message that leaves some days after it was written.
RECEIPT_BUSINESS_DAYS = 10
PERIOD_DAYS = 30


@lru_cache(maxsize=1024)
def validation_period_end(written_on: date) -> date:
    """The last day on which a dispute still counts, for a notice written on a day."""
    import holidays  # every country's: only where a notice is dated

    received = holidays.country_holidays("US").get_nth_working_day(written_on, RECEIPT_BUSINESS_DAYS)
    return received + timedelta(days=PERIOD_DAYS)
