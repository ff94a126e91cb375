"""The limit that the benchmark compares with: the same tables through plain Django, no rules at all.

One lock, one insert and one update per POST; a signed-in page with a form and the newest events per
GET. Whatever the product costs above this is its own.
"""

import uuid

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.urls import path
from django.utils import timezone

from runbook import queries
from runbook.models import Run, Submission

_PAGE = """<!doctype html><title>Bare</title><form method="post">{% csrf_token %}
<input name="text"><button>Save</button></form><ol>{% for row in rows %}
<li>{{ row.happened_at|date:"H:i" }} {{ row.type }} {{ row.seq }}</li>{% endfor %}</ol>"""


@login_required
def bare(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Shows the page, or locks, inserts and updates."""
    if request.method == "POST":
        with transaction.atomic():
            run = Run.objects.select_for_update().get(pk=run_id)
            Submission.objects.create(
                run=run,
                actor_id="bare",
                key=uuid.uuid4(),
                fingerprint=request.POST["text"][:64],
                version=run.version,
                created=timezone.now(),
            )
            Run.objects.filter(pk=run_id, version=run.version).update(title=run.title)
        return redirect("bare", run_id)
    rows = queries.newest_rows(run_id)
    template = engines["django"].from_string(_PAGE)
    return HttpResponse(template.render({"rows": rows}, request))


urlpatterns = [path("bare/<uuid:run_id>/", bare, name="bare")]
