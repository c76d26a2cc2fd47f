"""How content customers are, in the schema."""

from collections.abc import Sequence
from datetime import date
from enum import Enum

import strawberry

from api.domain import satisfaction as domain
from api.domain.calendar import Duration
from api.graph.arguments import argument
from api.graph.declare import column
from api.graph.sources import Columns
from api.reads.satisfaction import USUAL_WINDOW

WINDOW = argument("window", Duration, "How long an answer counts, in the time zone of the business.", USUAL_WINDOW)
BASE_WINDOW = argument("window", Duration, "How long each answer counts, at most P36M.", USUAL_WINDOW)


@strawberry.enum(description="What a recommendation score says of a customer.")
class NpsBand(Enum):
    PROMOTER = strawberry.enum_value("PROMOTER", description="Scored 9 or 10.")
    PASSIVE = strawberry.enum_value("PASSIVE", description="Scored 7 or 8.")
    DETRACTOR = strawberry.enum_value("DETRACTOR", description="Scored 0 to 6.")


@strawberry.type(description="How content a customer is, by what they answered.")
class Satisfaction:
    nps: NpsBand | None = column("Band of the latest recommendation score, null without one.", "nps")
    latest_nps: int | None = column("The latest recommendation score, 0 to 10; null without one.")
    average_csat: float | None = column("Mean of the satisfaction scores, 1 to 5; null without one.")
    average_ces: float | None = column("Mean of the effort scores, 1 to 7, larger is easier; null without one.")
    responses: int = column("How many answers of kind NPS, CSAT or CES were counted.")
    trend: float | None = column(
        "By how much averageCsat differs from that of the window before; null where either has no answer."
    )
    open_complaints: int = column("How many complaints are not resolved, however old they are.")


@strawberry.type(
    description="Percentage of promoters less that of detractors, with the range in which it lies for all customers."
)
class NetPromoterScore:
    score: float = strawberry.field(description="The score of those who answered, from -100 to 100.")
    low: float = strawberry.field(description="Lower end of the range; few answers make it wide.")
    high: float = strawberry.field(description="Upper end of the range.")
    level: float = strawberry.field(description="Probability with which such a range holds the score of everybody.")
    promoters: int = strawberry.field(description="How many answers are 9 or 10.")
    passives: int = strawberry.field(description="How many answers are 7 or 8.")
    detractors: int = strawberry.field(description="How many answers are 0 to 6.")
    responses: int = strawberry.field(description="How many recommendation scores were counted.")


@strawberry.type(description="How satisfied those are who were asked, on a scale from 1 to 5.")
class SatisfactionScore:
    satisfied: float = strawberry.field(description="Share of answers that are 4 or 5, from 0 to 1.")
    mean: float = strawberry.field(description="Mean of all answers, 1 to 5.")
    responses: int = strawberry.field(description="How many satisfaction scores were counted.")


@strawberry.type(description="How easy those find it who were asked, on a scale from 1 to 7.")
class EffortScore:
    mean: float = strawberry.field(description="Mean of all answers, 1 to 7; larger is easier.")
    responses: int = strawberry.field(description="How many effort scores were counted.")


@strawberry.type(description="What the answers of one month say.")
class MonthlySatisfaction:
    month: date = strawberry.field(description="First day of the month, by calendars in the business's time zone.")
    nps: NetPromoterScore | None = strawberry.field(description="Recommendation in that month; null without an answer.")
    csat: SatisfactionScore | None = strawberry.field(description="Satisfaction in that month; null without an answer.")
    ces: EffortScore | None = strawberry.field(description="Effort in that month; null without an answer.")
    responses: int = strawberry.field(description="How many answers of these three kinds the month brought.")


@strawberry.type(description="How content customers are, all together and month by month; every answer counts once.")
class BaseSatisfaction:
    nps: NetPromoterScore | None = strawberry.field(description="How much they recommend; null without an answer.")
    csat: SatisfactionScore | None = strawberry.field(description="How satisfied they are; null without an answer.")
    ces: EffortScore | None = strawberry.field(description="How easy they find it; null without an answer.")
    responses: int = strawberry.field(description="How many answers of these three kinds were counted.")
    open_complaints: int = strawberry.field(description="How many of their complaints are not resolved, of any age.")
    by_month: list[MonthlySatisfaction] = strawberry.field(
        description="The same of every month with an answer, earliest first; the window may cut the first and the last."
    )


def of_base(answers: Columns) -> Sequence[domain.BaseSatisfaction]:
    """Return what the answers of each group of customers say, from numbers of answers by month."""
    names = [name for name in answers if name not in ("month", "open_complaints")]
    found = []
    for place, months in enumerate(answers["month"]):
        each = [[answers[name][place][at] for name in names] for at in range(len(months))]
        tallies = [domain.Tally(**dict(zip(names, values, strict=True))) for values in each]
        found.append(domain.base_satisfaction(months, tallies, answers["open_complaints"][place]))
    return found
