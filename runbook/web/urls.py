"""All addresses, in one short list per noun."""

from django.urls import include, path

from runbook.web.views import accounts, attempts, home, knowledge, reports, runs, steps, timeline

account_urls = [
    path("set-up/", accounts.set_up, name="set-up"),
    path("accounts/", include("allauth.account.urls")),
]

_RUN = "runs/<uuid:run_id>/"
_STEP = f"{_RUN}steps/<slug:step>/"

run_urls = [
    path("example/", home.make_demonstration, name="make-demonstration"),
    path("runs/new/<slug:pack>/", runs.new_run, name="new-run"),
    path("runs/adopt/<slug:pack>/", runs.adopt_run, name="adopt-run"),
    path(_RUN, runs.run_detail, name="run"),
    path(f"{_RUN}timeline/", timeline.timeline, name="timeline"),
    path(f"{_RUN}notes/", runs.add_note, name="add-note"),
    path(f"{_RUN}pause/", runs.pause, name="pause"),
    path(f"{_RUN}resume/", runs.resume, name="resume"),
    path(f"{_RUN}abandon/", runs.abandon, name="abandon"),
    path(f"{_RUN}escalations/", runs.send_escalation, name="send-escalation"),
]

step_urls = [
    path(_STEP, runs.run_detail, name="step"),
    path(f"{_STEP}work/", steps.work_on_step, name="work-on-step"),
    path(f"{_STEP}skip/", steps.skip_step, name="skip-step"),
    path(f"{_STEP}reopen/", steps.reopen_step, name="reopen-step"),
    path(f"{_STEP}wait/", steps.start_wait, name="start-wait"),
    path(f"{_STEP}wait/end/", steps.end_wait, name="end-wait"),
    path(f"{_STEP}close/", runs.close, name="close"),
]

attempt_urls = [
    path(f"{_STEP}attempts/", attempts.start_attempt, name="start-attempt"),
    path(f"{_STEP}attempts/outcome/", attempts.record_attempt, name="record-attempt"),
    path(f"{_STEP}diagnosis/", attempts.choose_diagnosis, name="choose-diagnosis"),
    path(f"{_STEP}state/", attempts.read_state, name="read-state"),
    path(f"{_STEP}retry-checks/", attempts.record_retry_checks, name="record-retry-checks"),
    path(f"{_STEP}override/", attempts.override_retry, name="override-retry"),
    path(f"{_STEP}repair/", attempts.record_repair, name="record-repair"),
    path(f"{_STEP}removal/", attempts.record_removal, name="record-removal"),
]

report_urls = [
    path(f"{_RUN}report/", reports.report, name="run-report"),
    path(f"{_RUN}exports/", reports.export, name="run-export"),
]

knowledge_urls = [
    path("knowledge/", knowledge.index, name="knowledge-index"),
    path("knowledge/notes/", knowledge.add_note, name="add-knowledge-note"),
    path(
        "knowledge/notes/<int:note>/withdraw/",
        knowledge.withdraw_note,
        name="withdraw-knowledge-note",
    ),
    path("knowledge/<slug:pack>/", knowledge.pack_page, name="knowledge-pack"),
    path("knowledge/<slug:pack>/codes/", knowledge.code_table, name="knowledge-codes"),
    path("knowledge/<slug:pack>/codes/<str:code>/", knowledge.code_page, name="knowledge-code"),
    path("knowledge/<slug:pack>/<slug:family>/", knowledge.family_page, name="knowledge-family"),
]

urlpatterns = [
    path("", home.home, name="home"),
    *account_urls,
    *run_urls,
    *step_urls,
    *attempt_urls,
    *report_urls,
    *knowledge_urls,
]
