"""The words of the engine as enumerations; `architecture.md` section 10 binds their spelling."""

from enum import StrEnum


class StepKind(StrEnum):
    """What a step asks of a person; decides which panel is shown."""

    FACTS = "facts"
    CHECKS = "checks"
    CAPTURE = "capture"
    DECISION = "decision"
    IMPORT = "import"
    STATE = "state"
    WAIT = "wait"
    VERIFY = "verify"
    CLOSE = "close"


class StepState(StrEnum):
    """Where one step stands, derived from events."""

    NOT_STARTED = "not started"
    READY = "ready"
    IN_PROGRESS = "in progress"
    WAITING = "waiting"
    BLOCKED = "blocked"
    AWAITING_SIGN_OFF = "awaiting sign-off"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not applicable"
    BEFORE_RECORD = "done before record"


class RunStage(StrEnum):
    """Where the whole run stands, derived from events; the rows of the transition table."""

    PREPARING = "preparing"
    IMPORTING = "importing"
    STATE_UNREAD = "state unread"
    OPERATION_RUNNING = "operation running"
    UPGRADE_PENDING = "upgrade pending"
    STOPPED = "stopped"
    REPAIR_NEEDED = "repair needed"
    RETRY_PLANNED = "retry planned"
    VERIFYING = "verifying"
    PAUSED = "paused"
    CLOSED = "closed"
    ABANDONED = "abandoned"


class Outcome(StrEnum):
    """How an attempt ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Method(StrEnum):
    """The way an attempt was made."""

    MAKER_PORTAL = "maker portal"
    CLASSIC = "classic"
    CLI = "cli"
    PIPELINE = "pipeline"


class ImportOption(StrEnum):
    """What the attempt asked the platform to do."""

    UPGRADE = "upgrade"
    STAGE_FOR_UPGRADE = "stage for upgrade"
    UPDATE = "update"
    APPLY_UPGRADE = "apply upgrade"


class Severity(StrEnum):
    """What an unmet check does to its step."""

    BLOCK = "block"
    WARN = "warn"
    INFO = "info"


class CheckResult(StrEnum):
    """The answer to one check. `verified by hand` is the logged way through a blocking check."""

    PASSED = "pass"
    FAILED = "fail"
    NOT_TESTED = "not tested"
    BY_HAND = "verified by hand"


class ImportPhase(StrEnum):
    """The part of an import in which a message appeared."""

    UPLOAD = "upload"
    HOLDING_IMPORT = "holding-import"
    APPLY_UPGRADE = "apply-upgrade"
    AFTER_IMPORT = "after-import"


class Disposition(StrEnum):
    """What to do next about a failure; `families.tsv` is the closed list."""

    WAIT_AND_RETRY = "wait-and-retry"
    CHECK_STATE_FIRST = "check-state-first"
    FIX_PREREQUISITE = "fix-prerequisite"
    FIX_COMPONENT = "fix-component"
    FIX_PACKAGE = "fix-package"
    RESOLVE_PENDING_UPGRADE = "resolve-pending-upgrade"
    ASK_OTHER_PERSON = "ask-other-person"
    CONTACT_SUPPORT = "contact-support"
    CONTINUE = "continue"
    NONE = "-"


class Confidence(StrEnum):
    """How sure a diagnosis is, in words; never a percentage."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"


#: Answers that meet a check.
PASSING = frozenset({CheckResult.PASSED, CheckResult.BY_HAND})


class InstalledState(StrEnum):
    """What a reading of the environment amounts to (`engine.md` section 5)."""

    RUNNING = "R"
    ROLLED_BACK = "S0"
    PENDING = "S1"
    ALREADY_EXISTS = "S2"
    DONE = "S3"
    BASE_GONE = "S4"
    MIXED = "S5"
    UNCLEAR = "U"


class RetryRule(StrEnum):
    """What an installed state says about a new import attempt."""

    NO = "no"
    IF_FAMILY_ALLOWS = "if-family-allows"
    NOT_NEEDED = "not-needed"


class Role(StrEnum):
    """A person's part on a run."""

    LEAD = "lead"
    OPERATOR = "operator"
    VERIFIER = "verifier"
    REVIEWER = "reviewer"
    OBSERVER = "observer"


class Action(StrEnum):
    """Everything a person can ask of a run; the columns of the transition and access tables."""

    VIEW = "view"
    EXPORT = "export"
    ADD_NOTE = "add note"
    ADD_EVIDENCE = "add evidence"
    RECORD_FACTS = "record facts"
    RECORD_CHECKS = "record checks"
    RECORD_DECISION = "record decision"
    COMPLETE_STEP = "complete step"
    SKIP_STEP = "skip step"
    REOPEN_STEP = "reopen step"
    START_WAIT = "start wait"
    END_WAIT = "end wait"
    START_ATTEMPT = "start attempt"
    RECORD_ATTEMPT = "record attempt"
    CHOOSE_DIAGNOSIS = "choose diagnosis"
    READ_STATE = "read state"
    OVERRIDE_RETRY = "override retry"
    RECORD_REPAIR = "record repair"
    RECORD_REMOVAL = "record removal"
    SEND_ESCALATION = "send escalation"
    PAUSE = "pause"
    RESUME = "resume"
    CLOSE = "close"
    ABANDON = "abandon"
    CLAIM_STEP = "claim step"
    RELEASE_CLAIM = "release claim"
    TAKE_OVER_CLAIM = "take over claim"
    ASSIGN_STEPS = "assign steps"
    SIGN_OFF_STEP = "sign off step"
    OFFER_HANDOVER = "offer handover"
    ACCEPT_HANDOVER = "accept handover"
    WITHDRAW_HANDOVER = "withdraw handover"
    ASK_QUESTION = "ask question"
    ANSWER_QUESTION = "answer question"
    PROMISE_UPDATE = "promise update"
    MANAGE_MEMBERS = "manage members"
    LEAVE = "leave"
    MANAGE_LINKS = "manage links"
    ERASE_EVIDENCE = "erase evidence"


class LinkScope(StrEnum):
    """What the holder of a share link may do."""

    READ = "read"
    READ_FILES = "read+files"
    COMMENT = "comment"
    STATUS = "status"


class ReminderKind(StrEnum):
    """Why somebody is reminded."""

    WAIT_OVER = "wait over"
    RETRY_DUE = "retry due"
    CLAIM_STALE = "claim stale"
    UPDATE_DUE = "update due"
    IDLE = "idle"
