"""How many parts a text message is sent in: 160 characters of the GSM alphabet or 70 others fit into one."""

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("\f^{}\\[~]|€")


def is_gsm(text: str) -> bool:
    return all(char in _GSM or char in _GSM_TWICE for char in text)


def parts(text: str) -> int:
    if is_gsm(text):
        length = sum(2 if char in _GSM_TWICE else 1 for char in text)
        return 1 if length <= 160 else -(-length // 153)
    length = len(text.encode("utf-16-be")) // 2
    return 1 if length <= 70 else -(-length // 67)
