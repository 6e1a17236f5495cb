"""What several messages share: the brand, snippets, saved messages, pictures."""

from django.contrib import messages as toasts
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.campaigns import selectors_messages as selectors
from apps.campaigns.actions import wording
from apps.campaigns.forms_messages import BrandForm, SnippetForm
from apps.campaigns.models import Brand, MailImage, Snippet, Template
from apps.core.htmx import render
from apps.journeys.actions.images import NotAPicture
from apps.staff.enums import Act
from apps.staff.permissions import may


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def brand_edit(request: HttpRequest) -> HttpResponse:
    form = BrandForm(request.POST or None, request.FILES or None, instance=Brand.current())
    if request.method == "POST" and form.is_valid() and _is_branded(form):
        toasts.success(request, _("The brand is saved. Messages look so from now on."))
        return redirect("brand_edit")
    return render(request, "campaigns/brand_edit.html", {"form": form}, status=422 if form.errors else 200)


def _is_branded(form: BrandForm) -> bool:
    brand, picture = form.instance, form.cleaned_data["picture"]
    try:
        if form.cleaned_data["without_logo"]:
            brand.logo = None
        elif picture:
            brand.logo = wording.keep_picture(content=picture.read())
    except NotAPicture as error:
        form.add_error("picture", str(error))
        return False
    wording.save_brand(brand=brand)
    return True


@require_GET
@may(Act.SEE_CUSTOMERS)
def snippet_list(request: HttpRequest) -> HttpResponse:
    context = {"snippets": selectors.snippets(), "templates": selectors.templates()}
    return render(request, "campaigns/snippet_list.html", context)


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def snippet_create(request: HttpRequest) -> HttpResponse:
    return _snippet(request, Snippet())


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def snippet_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _snippet(request, get_object_or_404(Snippet, pk=pk))


def _snippet(request: HttpRequest, snippet: Snippet) -> HttpResponse:
    form = SnippetForm(request.POST or None, instance=snippet)
    if request.method == "POST" and form.is_valid():
        try:
            wording.save_snippet(snippet=form.instance)
        except wording.WordingError as error:
            form.add_error(None, str(error))
        else:
            toasts.success(request, _("%(snippet)s is saved.") % {"snippet": form.instance})
            return redirect("snippet_list")
    context = {"form": form, "snippet": snippet}
    return render(request, "campaigns/snippet_edit.html", context, status=422 if form.errors else 200)


@require_POST
@may(Act.DESIGN)
def snippet_delete(request: HttpRequest, pk: int) -> HttpResponse:
    snippet = get_object_or_404(Snippet, pk=pk)
    wording.delete_snippet(snippet=snippet)
    toasts.success(request, _("%(snippet)s is deleted.") % {"snippet": snippet})
    return redirect("snippet_list")


@require_POST
@may(Act.DESIGN)
def template_delete(request: HttpRequest, pk: int) -> HttpResponse:
    template = get_object_or_404(Template, pk=pk)
    template.delete()
    toasts.success(request, _("%(name)s is deleted. Messages that began with it stay.") % {"name": template})
    return redirect("snippet_list")


@login_not_required
@require_GET
@cache_control(public=True, max_age=31_536_000, immutable=True)
def mail_image(_request: HttpRequest, digest: str) -> HttpResponse:
    """For recipients, who have no login: who knows the digest has seen the picture."""
    image = get_object_or_404(MailImage, digest=digest)
    return HttpResponse(bytes(image.content), content_type=image.content_type)
