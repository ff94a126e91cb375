"""All addresses, in one short list per noun."""

from django.urls import include, path

from runbook.web import oidc
from runbook.web.api import document, operations
from runbook.web.views import (
    accounts,
    address,
    attempts,
    figures,
    files,
    home,
    imports,
    installation,
    joining,
    knowledge,
    live,
    members,
    notices,
    owner,
    packets,
    reports,
    review,
    runs,
    shared,
    sharing,
    steps,
    teams,
    timeline,
    together,
    tokens,
)

account_urls = [
    path("set-up/", accounts.set_up, name="set-up"),
    path("account/", accounts.account, name="account"),
    path("account/sign-ins/", accounts.sign_ins, name="sign-ins"),
    path("account/sign-ins/others/end/", accounts.end_other_sign_ins, name="end-other-sign-ins"),
    path("account/sign-ins/<int:sign_in>/end/", accounts.end_sign_in, name="end-sign-in"),
    path("join/", joining.join, name="join"),
    path("join/accept/", joining.accept_invitation, name="accept-invitation"),
    path("people/", installation.everybody, name="everybody"),
    path("people/<str:actor_id>/close/", installation.close_account, name="close-account"),
    path("people/<str:actor_id>/open/", installation.open_account, name="open-account"),
    path("people/invite/", installation.invite, name="invite"),
    path(
        "people/invitations/<int:invitation>/withdraw/",
        installation.withdraw_invitation,
        name="withdraw-invitation",
    ),
    path("account/address/<str:token>/", address.confirm_address, name="confirm-address"),
    # Before allauth's page of this name, which would let anybody take the address of somebody else.
    path("accounts/email/", address.change_address, name="account_email"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/second-factor/", include("allauth.mfa.urls")),
    path("accounts/services/", include("allauth.socialaccount.urls")),
    path("accounts/oidc/<str:provider_id>/login/", oidc.login, name="openid_connect_login"),
    path(
        "accounts/oidc/<str:provider_id>/login/callback/",
        oidc.callback,
        name="openid_connect_callback",
    ),
]

_RUN = "runs/<uuid:run_id>/"
_STEP = f"{_RUN}steps/<slug:step>/"

run_urls = [
    path("example/", home.make_demonstration, name="make-demonstration"),
    path("runs/new/<slug:pack>/", runs.new_run, name="new-run"),
    path("runs/adopt/<slug:pack>/", runs.adopt_run, name="adopt-run"),
    path("runs/import/", imports.import_record, name="import-record"),
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

together_urls = [
    path(f"{_STEP}claim/", together.claim_step, name="claim-step"),
    path(f"{_STEP}claim/release/", together.release_claim, name="release-claim"),
    path(f"{_STEP}claim/take-over/", together.take_over_claim, name="take-over-claim"),
    path(f"{_STEP}sign-off/", together.sign_off_step, name="sign-off-step"),
    path(f"{_RUN}questions/", together.ask_question, name="ask-question"),
    path(f"{_RUN}questions/answers/", together.answer_question, name="answer-question"),
    path(f"{_RUN}people/", members.run_people, name="run-people"),
    path(f"{_RUN}people/add/", members.add_member, name="add-member"),
    path(f"{_RUN}people/role/", members.change_role, name="change-role"),
    path(f"{_RUN}people/remove/", members.remove_member, name="remove-member"),
    path(f"{_RUN}people/leave/", members.leave_run, name="leave-run"),
    path(f"{_RUN}people/assignments/", members.assign_steps, name="assign-steps"),
    path(f"{_RUN}people/handover/", members.offer_handover, name="offer-handover"),
    path(f"{_RUN}people/handover/accept/", members.accept_handover, name="accept-handover"),
    path(f"{_RUN}people/handover/withdraw/", members.withdraw_handover, name="withdraw-handover"),
]

team_urls = [
    path("teams/", teams.index, name="teams"),
    path("teams/<uuid:handle>/", teams.team, name="team"),
    path("teams/<uuid:handle>/name/", teams.rename, name="rename-team"),
    path("teams/<uuid:handle>/delete/", teams.delete, name="delete-team"),
    path("teams/<uuid:handle>/figures/", figures.team_figures, name="team-figures"),
    path("teams/<uuid:handle>/figures/data/", figures.team_figures_data, name="team-figures-data"),
    path("teams/<uuid:handle>/<str:actor_id>/", teams.change_seat, name="change-seat"),
    path("teams/<uuid:handle>/<str:actor_id>/remove/", teams.remove_seat, name="remove-seat"),
]

live_urls = [
    path(f"{_RUN}news/", live.run_news, name="run-news"),
    path(f"{_RUN}watch/", live.watch, name="run-watch"),
]

notice_urls = [
    path("notices/", notices.notices, name="notices"),
    path("account/notices/", notices.notice_wishes, name="notice-wishes"),
    path("account/notices/channels/", notices.add_channel, name="add-channel"),
    path("account/notices/calendar/", notices.renew_feed, name="renew-feed"),
    path("account/notices/calendar/end/", notices.end_feed, name="end-feed"),
    path("channels/<int:channel>/test/", notices.test_channel, name="test-channel"),
    path("channels/<int:channel>/remove/", notices.remove_channel, name="remove-channel"),
    path("teams/<uuid:handle>/channels/", notices.team_channels, name="team-channels"),
    path("owner/deliveries/", notices.owner_deliveries, name="owner-deliveries"),
    path("owner/deliveries/<int:delivery>/again/", notices.try_delivery, name="try-delivery"),
    path("owner/deliveries/<int:delivery>/drop/", notices.drop_delivery, name="drop-delivery"),
    path(f"{_RUN}calendar.ics", notices.run_calendar, name="run-calendar"),
    path("calendar/<str:token>.ics", notices.calendar_feed, name="calendar-feed"),
]

owner_urls = [
    path("owner/", owner.overview, name="owner"),
    path("owner/health/", owner.health, name="owner-health"),
    path("owner/teams/", owner.all_teams, name="owner-teams"),
    path("owner/packs/", owner.all_packs, name="owner-packs"),
    path("owner/storage/", owner.storage, name="owner-storage"),
    path("owner/leads/<uuid:run_id>/", owner.appoint_lead, name="appoint-lead"),
]

report_urls = [
    path(f"{_RUN}report/", reports.report, name="run-report"),
    path(f"{_RUN}picture/", reports.run_picture, name="run-picture"),
    path(f"{_RUN}report/cuts/", reports.decide_report_cuts, name="decide-report-cuts"),
    path(f"{_RUN}exports/", reports.export, name="run-export"),
]

_PACKET = f"{_RUN}packet/<slug:recipient>/"

packet_urls = [
    path(f"{_RUN}packet/", packets.packets, name="run-packets"),
    path(f"{_RUN}packet/pseudonyms/erase/", packets.forget_pseudonyms, name="forget-pseudonyms"),
    path(_PACKET, packets.packet, name="run-packet"),
    path(f"{_PACKET}facts/", packets.record_packet_facts, name="record-packet-facts"),
    path(f"{_PACKET}cuts/", packets.decide_cuts, name="decide-cuts"),
    path(f"{_PACKET}file/", packets.packet_file, name="packet-file"),
    path(f"{_PACKET}sent/", packets.send_packet, name="send-packet"),
]

file_urls = [
    path(f"{_RUN}evidence/", files.run_evidence, name="run-evidence"),
    path(f"{_RUN}evidence/erasures/new/", files.erase_evidence, name="erase-evidence"),
    path(f"{_RUN}files/<uuid:handle>/", files.evidence_file, name="evidence-file"),
]

_SHARED = "shared/<uuid:handle>/"

sharing_urls = [
    path(f"{_RUN}links/", sharing.run_links, name="run-links"),
    path(f"{_RUN}links/new/", sharing.create_link, name="create-link"),
    path(f"{_RUN}links/<uuid:link>/revoke/", sharing.revoke_link, name="revoke-link"),
    path(f"{_RUN}promise/", sharing.promise_update, name="promise-update"),
    path(f"{_RUN}review/", review.review, name="run-review"),
    path(f"{_RUN}at/", review.run_at, name="run-at"),
    path(f"{_RUN}evidence/<slug:digest>/", review.evidence_text, name="evidence-text"),
    path("s/", shared.open_link, name="open-link"),
    path(_SHARED, shared.shared_run, name="shared-run"),
    path(f"{_SHARED}at/", shared.shared_at, name="shared-at"),
    path(f"{_SHARED}evidence/<slug:digest>/", shared.shared_evidence, name="shared-evidence"),
    path(f"{_SHARED}exports/", shared.shared_export, name="shared-export"),
    path(f"{_SHARED}questions/", shared.ask_shared_question, name="ask-shared-question"),
]

token_urls = [
    path(f"{_RUN}tokens/", tokens.run_tokens, name="run-tokens"),
    path(f"{_RUN}tokens/new/", tokens.create_token, name="create-token"),
    path(f"{_RUN}tokens/revoke/", tokens.revoke_token, name="revoke-token"),
]

api_urls = [
    path("api/", document.index, name="api-docs"),
    path("api/openapi.json", document.openapi, name="api-document"),
    path("api/", include(operations.addresses())),
    path("api/<path:rest>", document.missing, name="api-missing"),
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
    *together_urls,
    *notice_urls,  # before the teams': one of theirs takes any word behind a team
    *team_urls,
    *live_urls,
    *owner_urls,
    *report_urls,
    *packet_urls,
    *file_urls,
    *sharing_urls,
    *token_urls,
    *api_urls,
    *knowledge_urls,
]
