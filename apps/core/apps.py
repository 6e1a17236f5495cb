from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    verbose_name = "Company"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import exporting, importing, pruning, registry, selectors
        from apps.core.registry import Stuck

        registry.gauge("pipeline", selectors.change_queue_gauge)
        registry.job(importing.KIND, registry.JobKind(_("Import"), importing.run))
        registry.job(exporting.KIND, registry.JobKind(_("Export"), exporting.run))
        registry.on_job_end(importing.tidy_up)
        fix = _("Its error stands in core_change.error; mend the cause, the next attempt comes by itself.")
        registry.health_check("changes", Stuck(selectors.failing_changes, _("Changes that fail"), fix, many=20))
        fix = _("Look whether a worker takes the queue “jobs”, and in its log for the number of the job.")
        registry.health_check("jobs", Stuck(selectors.jobs_not_moving, _("Jobs that do not move"), fix))
        registry.prune("files of jobs", pruning.whole_rows(selectors.old_job_files))
        registry.prune("finished jobs", pruning.whole_rows(selectors.old_jobs))
