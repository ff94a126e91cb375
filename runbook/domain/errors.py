"""Refusals the engine can give; each carries one sentence for the person who asked."""


class DomainError(Exception):
    """Base of every refusal. `sentence` says what is missing; `step` names where to go, if anywhere."""

    def __init__(self, sentence: str, *, step: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.step = step


class TransitionRefused(DomainError):
    """The action is not allowed where the run stands now."""


class ForbiddenAction(DomainError):
    """The person's role on the run does not include the action."""


class StaleView(DomainError):
    """The person acted on an older version of the run than the one that holds now."""

    def __init__(self, sentence: str, *, expected: int, current: int) -> None:
        super().__init__(sentence)
        self.expected = expected
        self.current = current


class SubmissionMismatch(DomainError):
    """The same form was sent twice with different content."""


class BrokenChain(DomainError):
    """A stored event does not fit the chain. `seq` is the first event that fails."""

    def __init__(self, sentence: str, *, seq: int) -> None:
        super().__init__(sentence)
        self.seq = seq
