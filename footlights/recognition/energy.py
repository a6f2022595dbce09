"""What exercise costs: metabolic equivalents (MET), corrected for a person, and kilocalories over media time.

One MET is an oxygen uptake of 3.5 ml a minute for each kilogram of body weight, and a litre of oxygen yields about
5 kcal (2024 Adult Compendium of Physical Activities, Herrmann et al., Journal of Sport and Health Science 13). Hence

    gross kcal a minute = MET x 3.5 x weight / 1000 x 5 .

People differ in what they need at rest. The Compendium's corrected MET says how many times their own rest an activity
costs *them*; it is the same oxygen divided by another rest, so the gross kilocalories are the same either way, and age,
height and gender show in the corrected MET and in what was spent above rest.
"""

import math
from dataclasses import dataclass
from typing import Literal

from footlights.core.errors import SettingsError

Gender = Literal["female", "male", "unsaid"]

STANDARD_REST = 3.5  # ml of oxygen a minute for each kilogram: one MET
KCAL_A_LITRE = 5.0  # of oxygen
IDLE = 1.3  # MET of standing quietly: activity 07040 of the Compendium
OTHER = 2.8  # MET of moving in a way that is not known: light calisthenics, activity 02024 of the Compendium
PACE = (0.5, 1.5)  # bounds within which the measured pace scales what an exercise costs above standing
RECOVERY = 30.0  # seconds: time constant with which uptake comes near to what is asked, and falls again afterwards
GAP = 1.0  # seconds without a frame after which nothing is counted for the time between

_GENDER_TERM: dict[Gender, float] = {"male": 5.0, "female": -161.0, "unsaid": -78.0}  # kcal a day; unsaid: the mean


@dataclass(frozen=True)
class Physique:
    """The body that spends the energy.

    Raises:
        SettingsError: figures for which no living person's resting rate comes out.
    """

    weight: float = 70.0  # kilograms
    height: float = 170.0  # centimetres
    age: float = 35.0  # years
    gender: Gender = "unsaid"

    def __post_init__(self) -> None:
        if not self.resting_rate >= 300:
            raise SettingsError(
                f"weight {self.weight:g} kg, height {self.height:g} cm and age {self.age:g} do not belong to one "
                "person; check all three"
            )

    @property
    def resting_rate(self) -> float:
        """Resting metabolic rate, kcal a day: 10 weight + 6.25 height - 5 age + 5 (men) or - 161 (women).

        Source: Mifflin, St Jeor et al., A new predictive equation for resting energy expenditure in healthy
        individuals, American Journal of Clinical Nutrition 51 (1990), measured on adults from 19 to 78. Where the
        gender is unsaid, the mean of both.
        """
        return 10 * self.weight + 6.25 * self.height - 5 * self.age + _GENDER_TERM[self.gender]

    @property
    def resting_uptake(self) -> float:
        """Oxygen uptake at rest, ml a minute for each kilogram; the standard person's is 3.5."""
        return self.resting_rate / 1440 / KCAL_A_LITRE * 1000 / self.weight

    def corrected(self, met: float) -> float:
        """The corrected MET: a table's MET x 3.5 / this person's resting uptake.

        Source: Compendium of Physical Activities, "Corrected METs" (Byrne et al., Journal of Applied Physiology 99,
        2005; Kozey et al., 2010), there with another formula for the resting rate.
        """
        return met * STANDARD_REST / self.resting_uptake

    def kcal(self, met: float, seconds: float) -> float:
        """Gross kilocalories of so many seconds at a table's MET."""
        return met * STANDARD_REST * self.weight / 1000 * KCAL_A_LITRE * seconds / 60

    def resting_kcal(self, seconds: float) -> float:
        """Kilocalories of so many seconds at rest."""
        return self.resting_rate / 86400 * seconds


def paced(met: float, pace: float | None) -> float:
    """What an exercise costs at a pace; 1, and None (not measured): as its table entry means it.

    Each repetition is taken to cost the same above standing, so that cost grows in proportion with the pace: as in the
    metabolic equations of the American College of Sports Medicine, which are linear in speed. `PACE` bounds it.
    """
    if pace is None or met <= IDLE:
        return met
    return IDLE + (met - IDLE) * min(PACE[1], max(PACE[0], pace))


class EnergyMeter:
    """Adds up what one person spends, over media time: the same for a file at any speed of processing.

    Effort counts as soon as it is made. After it, the uptake of oxygen falls exponentially to what is asked then, with
    the time constant `RECOVERY`, from where it had come, which it does with the same time constant: a hop leaves almost
    nothing behind, some minutes of running half a minute's worth. (Uptake does fall so at first, within half a
    minute to a minute: Ozyener et al., Journal of Physiology 533, 2001. The slow tail of hard exercise is left out.)
    """

    def __init__(self, physique: Physique) -> None:
        self.physique = physique
        self.met = IDLE  # now, of the table, recovery included
        self.kcal = 0.0  # gross, so far
        self.seconds = 0.0  # counted so far
        self._risen = 0.0  # MET above standing that the uptake has come to
        self._time: float | None = None

    @property
    def corrected_met(self) -> float:
        """Now, in multiples of this person's own rest."""
        return self.physique.corrected(self.met)

    @property
    def net_kcal(self) -> float:
        """Above what this person would have spent at rest in the same time."""
        return self.kcal - self.physique.resting_kcal(self.seconds)

    def step(self, time: float, demand: float) -> float:
        """Take what was asked since the moment before (a table's MET); the kilocalories that it took."""
        passed = 0.0 if self._time is None else time - self._time
        self._time = time
        asked, base = max(0.0, demand - IDLE), min(demand, IDLE)
        if not 0 < passed <= GAP:
            self.met = base + max(asked, self._risen)
            return 0.0
        fade = math.exp(-passed / RECOVERY)
        before, self._risen = self._risen, asked + (self._risen - asked) * fade
        recovered = max(0.0, before - asked) * RECOVERY * (1 - fade) / passed
        spent = self.physique.kcal(base + asked + recovered, passed)
        self.met = base + max(asked, self._risen)
        self.kcal += spent
        self.seconds += passed
        return spent

    def pause(self) -> None:
        """The person is not seen: nothing is counted until the next step."""
        self._time = None
