"""Says how far somebody has come with the exercises, and who has finished."""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.database.engine import Connection
from dispatcher.practice.domain.exercise import CREDITOR, Exercise, Judged, Work, judge, reference_of
from dispatcher.practice.storage import practised


@dataclass(frozen=True, kw_only=True, slots=True)
class Try:
    """One exercise as one user stands with it. `debtor`: their invented person, `acme/anna-already-paid`."""

    exercise: Exercise
    debtor: str
    work: Work
    judged: Judged


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How far one user has come."""

    user: str
    dealt: int
    good: int
    done: int

    @property
    def has_finished(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self.dealt) and self.done == self.dealt


def tries_of(connection: Connection, exercises: Sequence[Exercise], user: str) -> list[Try]:
    """The exercises that were dealt to a user, in their order."""
    references = {exercise.name: reference_of(user, exercise) for exercise in exercises}
    people = practised.known(connection, list(references.values()))
    works = practised.works(connection, list(people.values()))
    return [
        Try(
            exercise=exercise,
            debtor=f"{CREDITOR}/{references[exercise.name]}",
            work=(work := works.get(people[references[exercise.name]], Work())),
            judged=judge(exercise, work),
        )
        for exercise in exercises
        if references[exercise.name] in people
    ]


def standings(connection: Connection, exercises: Sequence[Exercise], users: Sequence[str]) -> list[Standing]:
    """How far each of these users has come; those to whom nothing was dealt are left out."""
    found = []
    for user in users:
        tries = tries_of(connection, exercises, user)
        if tries:
            found.append(
                Standing(
                    user=user,
                    dealt=len(tries),
                    good=sum(one.judged.state == "good" for one in tries),
                    done=sum(one.judged.is_done for one in tries),
                )
            )
    return found
