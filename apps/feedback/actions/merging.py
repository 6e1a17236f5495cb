from apps.customers.actions import merges


def move_invitations(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    merges.move_rows("feedback_invitation", gone_ids=gone_ids, kept_ids=kept_ids)


def move_responses(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    merges.move_rows("feedback_response", gone_ids=gone_ids, kept_ids=kept_ids)


def move_cases(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    merges.move_rows("feedback_case", gone_ids=gone_ids, kept_ids=kept_ids)


def move_reviews(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    merges.move_rows("feedback_review", gone_ids=gone_ids, kept_ids=kept_ids)
