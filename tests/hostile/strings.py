"""Texts that break programs: ours, the Big List of Naughty Strings (tests/data/blns), and texts that try to run in a
reader's browser. Whatever cannot be seen is written as an escape."""
# ruff: noqa: E501, Q003 - the texts are what they are

import json
import os
from pathlib import Path

LONG = os.environ.get("FAULTS") == "long"
BLNS: list[str] = [text for text in json.loads((Path(__file__).parents[1] / "data/blns/blns.json").read_text()) if text]
SHARE_OF_BLNS = 1 if LONG else 6  # each sixth of them, from all its chapters

_BY_KIND: dict[str, list[str]] = {
    "reserved words": [
        "undefined", "undef", "null", "NULL", "(null)", "nil", "NIL", "true", "false", "True", "False", "TRUE",
        "None", "hasOwnProperty", "then", "constructor", "__proto__", "\\", "\\\\", "-", "_", ".", "..", "<", "&",
    ],
    "numbers": [
        "0", "1", "-1", "1.00", "$1.00", "1/2", "1E2", "1E02", "-$1.00", "-1E+02", "0/0", "0.0/0", "-0", "+0.0",
        "0..0", ".", "0,,0", "--1", "-.", "999999999999999999999999999999999999999", "NaN", "Infinity", "-Infinity",
        "INF", "1#QNAN", "0x0", "0xffffffffffffffff", "1_000", "1,000.00", "1 000,00", "01000", "08", "²", "¹²³",
        "٠١٢", "１２３", "½", "Ⅷ", "1e309", "2147483648", "-9223372036854775809",
    ],
    "punctuation": [
        ",./;'[]\\-=", "<>?:\"{}|_+", "!@#$%^&*()`~", "'", '"', "''", '""', "'\"'", "\"''''\"'\"", "&amp;", "&lt;b&gt;",
        "&#39;", "&#0;", "&nbsp;", "&notit;", "%", "%%", "%00", "%0a", "%u0041", "Ω≈ç√∫˜µ≤≥÷", "åß∂ƒ©˙∆˚¬…æ",
        "œ∑´®†¥¨ˆøπ“‘", "¡™£¢∞§¶•ªº–≠", "¸˛Ç◊ı˜Â¯˘¿", "“smart” ‘quotes’ — –", "a b\tc", "a  b",
    ],
    "scripts": [
        "ЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙ", "٠١٢٣٤٥٦٧٨٩", "田中さんにあげて下さい", "和製漢語", "部落格", "사회과학원 어학연구소",
        "찦차를 타고 온 펲시맨과 쑛다리 똠방각하", "社會科學院語學研究所", "울란바토르", "𠜎𠜱𠝹𠱓𠱸𠲖𠳏", "ヽ༼ຈل͜ຈ༽ﾉ", "(｡◕ ∀ ◕｡)",
        "Straße İstanbul ıI", "ﬁ ﬂ ǅ ŉ", "Å Å Å", "naïve café", "ⁿ⁴⁵ ₀₁₂", "Ⱥ ⱦ", "ǰǰ",
    ],
    "emoji": [
        "😍", "👩🏽", "👨‍🦰 👨🏿‍🦰", "👾 🙇 💁 🙅 🙆 🙋 🙎 🙍", "🐵 🙈 🙉 🙊", "❤️ 💔 💌 💕", "✋🏿 💪🏿 👐🏿", "👨‍👩‍👦 👨‍👩‍👧‍👦", "🚾 🆒 🆓 🆕",
        "0️⃣ 1️⃣ 🔟", "🇺🇸🇷🇺🇸 🇦🇫🇦🇲", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
    "marks": [
        "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤", "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "a" + "\u0301" * 40, "\u0301", "e\u0301 é",
    ],
    "right to left": [
        "ثم نفس سقطت وبالتحديد", "בְּרֵאשִׁית, בָּרָא אֱלֹהִים", "הָיְתָהtestالصفحات التّحول", "﷽", "ﷺ",
        "\u202etest\u202c", "\u202dtest\u202e", "\u2066test\u2067", "\u2067test\u2069 end", "\u200etest\u200f", "a\u061cb",
    ],
    "what cannot be seen": [
        "\ufeff", "\ufeffwith a mark", "in\ufeffside", "\u200b", "zero\u200bwidth", "join\u200der\u200c", "soft\u00adhyphen",
        "\u2060word", "\u180e", "\u3164", "\u00a0no break\u00a0", "\u2003em\u2003", "\u3000wide\u3000", "\u2028line", "\u2029",
        "a\u2028b\u2029c", "\u0085next", "\ufff9\ufffa\ufffb", "\ufffc", "\ufffd", "\ufffe", "\uffff", "\U0001fffe",
        "\U0010ffff", "\ufdd0", "\ue000", "\U000f0000", "\U000e0001", "\ufe0f",
    ],
    "control characters": [
        "a\x01b\x02c\x03", "a\x07bell", "back\x08space", "a\x0bb\x0cc", "a\x0eb\x0f", "a\x1b[31mred\x1b[0m", "a\x1cb\x1db\x1eb\x1fb",
        "a\x7fb", "a\x80b\x81b\x9fb", "\x1b]0;title\x07", "a\tb", "\ttab first", "a\x1ab", "\x01", "\x1f",
    ],
    "lines": [
        "two\nlines", "two\r\nlines", "two\rlines", "\nfirst", "last\n", "\r\n", "a\n\n\nb",
        "x\r\nBcc: everybody@mail.example", "x\r\n\r\n<html>body</html>", "x%0d%0aSet-Cookie: a=b", "x\r\nSet-Cookie: a=b",
        "INFO a line of a log\nERROR another",
    ],
    "SQL": [
        "1;DROP TABLE users", "1'; DROP TABLE users-- 1", "' OR 1=1 -- 1", "' OR '1'='1", "'; EXEC sp_MSForEachTable--",
        "%' OR name LIKE '%", "_", "\\'", "$$; SELECT 1; $$", "a') UNION SELECT NULL--", '"; SELECT pg_sleep(9)--',
        "%s", "%(name)s", "%(rows)s::jsonb", "?", ":name", "E'\\x00'", "\\x00", "x' || version() || '",
    ],
    "shells": [
        "$HOME", "$(touch /tmp/naughty)", "`touch /tmp/naughty`", "; rm -rf /tmp/naughty", "| cat /etc/passwd", "&& id",
        "() { 0; }; touch /tmp/naughty", "$ENV{'HOME'}", "%PATH%", "-rf", "--help", "!!", "~", "*", "@{[system 'id']}",
        'eval("puts \'hello\'")', "System(\"ls -al /\")", "Kernel.exec(\"ls\")", "%x('ls')",
    ],
    "templates": [
        "{{7*7}}", "{{ 7*7 }}", "{% debug %}", "{% load log %}", "{% include '/etc/passwd' %}", "{{ settings.SECRET_KEY }}",
        "{{ x.__class__.__mro__ }}", "{%", "{{", "}}", "{#", "{# note #}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "[[7*7]]",
        "{0}", "{}", "{name}", "{0.__class__}", "{self.__init__.__globals__}", "%d%d%d%n", "%n%n%n", "%x", "%*.*s", "{{{x}}}",
        "{% for a in (1..9999999) %}x{% endfor %}", "*{7*7}", "@(7*7)", "~{7*7}", "%(x)", "%(", "{:>99999}",
    ],
    "paths": [
        "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "/dev/null; touch /tmp/naughty #", "C:\\nul",
        "CON", "PRN", "AUX", "COM1", "LPT1", "A:", "file:///etc/passwd", "%2e%2e%2f", "....//", "a/../b", "\\\\host\\share",
    ],
    "tables": [
        "=1+1", "=cmd|'/C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "=HYPERLINK(\"http://evil.example\")", "\t=1+1", "a,b;c|d",
        '"a","b"', 'a"b', "#REF!", "1-1-2026",
    ],
    "mark-up and data": [
        "<b>bold</b>", "<!-- note -->", "]]>", "<![CDATA[x]]>", "<?xml version='1.0'?>", "<!ENTITY x SYSTEM 'file:///x'>",
        "{\"a\": 1}", "[1, 2]", "\\u0041", "\\n", "\\", "\\\"", "a\\", "javascript:alert(1)", "data:text/html,x",
        "http://a/%%30%30", "http://[::1", "mailto:a@b", "//evil.example", "<foo val=“bar” />", "a: b\n- c", "!!python/object:x",
        "Lorem <br> ipsum", "Powerلُلُصّبُلُلصّبُررً ॣ ॣh ॣ ॣ冗", "జ్ఞ‌ా", "Scunthorpe General Hospital", "Christmas Pass-Word",
    ],
    "length": ["x" * 10_000, "ä" * 10_000, "😍" * 3000, "a " * 5000, "<" * 2000],
}  # fmt: skip

_OURS = [text for texts in _BY_KIND.values() for text in texts]
NAUGHTY: list[str] = list(dict.fromkeys([*_OURS, *BLNS[::SHARE_OF_BLNS]]))

# PostgreSQL keeps no NUL in text, and UTF-8 has no half of a surrogate pair.
NUL = ["\x00", "a\x00b", "\x00<script>alert(1)</script>"]
SURROGATES = ["\ud800", "a\udfffb", "\udc00\ud800"]

# Each calls alert or sets window.__hit; none may.
XSS: list[str] = list(dict.fromkeys([
    "<script>alert(1)</script>", "<script>window.__hit=1</script>", "<ScRiPt>alert(1)</sCrIpT>", "<script src=//x.example/alert(1).js></script>",
    "<script\x20type=\"module\">window.__hit=1</script>", "<script/x>alert(1)</script>", "<<SCRIPT>alert(1);//<</SCRIPT>",
    "<script\n>alert(1)</script\n>", "<script>alert(1)//", "</script><script>alert(1)</script>", "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>", "</style><script>alert(1)</script>", "</noscript><script>alert(1)</script>",
    "</option></select><img src=x onerror=alert(1)>", "--><script>alert(1)</script>", "]]><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "<img src=x onerror=\"window.__hit=1\">", "<img src=x:x onerror=alert(1)//", "<IMG \"\"\"><SCRIPT>alert(1)</SCRIPT>\">",
    "<img/src=x/onerror=alert(1)>", "<img\tsrc=x\tonerror=alert(1)>", "<img src=`x`onerror=alert(1)>", "<img srcset=x onerror=alert(1)>",
    "<svg onload=alert(1)>", "<svg/onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<svg><script xlink:href=data:,alert(1) />",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>", "<svg><set attributeName=href to=javascript:alert(1)>",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text y=20>x</text></a></svg>", "<svg><use href=\"data:image/svg+xml,<svg id=x onload=alert(1)>#x\">",
    "<svg><foreignObject><body onload=alert(1)>", "<math><mi xlink:href=\"javascript:alert(1)\">x</mi></math>",
    "<body onload=alert(1)>", "<body onpageshow=alert(1)>", "<input autofocus onfocus=alert(1)>", "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>", "<details open ontoggle=alert(1)>x", "<video><source onerror=alert(1)>", "<video src=x onerror=alert(1)>",
    "<audio src=x onerror=alert(1)>", "<marquee onstart=alert(1)>x", "<object data=\"javascript:alert(1)\">", "<embed src=\"javascript:alert(1)\">",
    "<object onerror=alert(1) data=x>", "<iframe src=\"javascript:alert(1)\"></iframe>", "<iframe srcdoc=\"<script>parent.__hit=1</script>\"></iframe>",
    "<iframe srcdoc='&lt;img src=x onerror=parent.alert(1)&gt;'>", "<iframe src=\"data:text/html,<script>alert(1)</script>\"></iframe>",
    "<a href=\"javascript:alert(1)\">x</a>", "<a href=\"jAvAsCrIpT:alert(1)\">x</a>", "<a href=\"java\tscript:alert(1)\">x</a>",
    "<a href=\"java&#10;script:alert(1)\">x</a>", "<a href=\"&#106;avascript:alert(1)\">x</a>", "<a href=\"\x01javascript:alert(1)\">x</a>",
    "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>", "<a href=\"vbscript:alert(1)\">x</a>", "<form action=\"javascript:alert(1)\"><input type=submit>",
    "<button formaction=\"javascript:alert(1)\">x</button>", "<isindex action=javascript:alert(1) type=image>",
    "<base href=\"javascript:alert(1)//\">", "<base href=//x.example/alert(1)/>", "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
    "<link rel=stylesheet href=\"javascript:alert(1)\">", "<link rel=import href=\"data:text/html,<script>alert(1)</script>\">",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "javascript://x.example/%0aalert(1)", "java\nscript:alert(1)", "javascript&colon;alert(1)",
    "\x01javascript:alert(1)", " javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "\"><script>alert(1)</script>", "'><script>alert(1)</script>", "\" onmouseover=\"alert(1)", "' onmouseover='alert(1)", "\" autofocus onfocus=alert(1) x=\"",
    "' autofocus onfocus=alert(1) x='", "x onmouseover=alert(1)", "\" onpointerenter=alert(1) style=position:fixed;inset:0 \"", "\"onclick=alert(1)//",
    "`onmouseover=alert(1)", "\" accesskey=x onclick=alert(1) \"", "\"><svg onload=alert(1)>", "\\\"><img src=x onerror=alert(1)>",
    "\";alert(1);//", "';alert(1);//", "\\';alert(1);//", "';alert(1)//\\';alert(1)//", "${alert(1)}", "`${alert(1)}`", "{\"x\":\"</script><script>alert(1)</script>\"}",
    "</script><img src=x onerror=alert(1)>", "<!--<script>alert(1)</script>-->", "<!--><img src=x onerror=alert(1)>", "\u2028alert(1)\u2029",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "\ufeff<script>alert(1)</script>", "＜script＞alert(1)＜/script＞", "<scr\u200bipt>alert(1)</scr\u200bipt>",
    "<\u2400script>alert(1)</script>", "<scr\ufffdipt>alert(1)</script>", "%3Cscript%3Ealert(1)%3C/script%3E", "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;", "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e", "\\x3cscript\\x3ealert(1)\\x3c/script\\x3e",
    "<style>@import'javascript:alert(1)';</style>", "<style>*{background:url(javascript:alert(1))}</style>", "<div style=\"background:url(javascript:alert(1))\">x",
    "<div style=\"width:expression(alert(1))\">", "<style onload=alert(1)></style>", "<p style=animation-name:x onanimationstart=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>", "<listing>&lt;img onerror=alert(1) src=x&gt;</listing>",
    "<xmp><img src=x onerror=alert(1)></xmp>", "<plaintext><img src=x onerror=alert(1)>", "<template><script>alert(1)</script></template>",
    "<template shadowrootmode=open><img src=x onerror=alert(1)></template>", "<x-a is=x onclick=alert(1)>x</x-a>",
    "<b hx-get=\"/\" hx-trigger=\"load\" hx-on::after-request=\"alert(1)\">x</b>", "<b hx-on:click=\"alert(1)\">x</b>", "<b hx-on=\"htmx:load: alert(1)\">x</b>",
    "<b hx-vals='js:{x:alert(1)}' hx-get=/ hx-trigger=load>x</b>", "<b data-hx-trigger='load[alert(1)]' data-hx-get=/>x</b>", "<b hx-ext=sse sse-connect=//x.example/alert(1)>x</b>",
    "\" hx-get=\"/?alert(1)\" hx-trigger=\"load\" x=\"", "<b x-data x-init=\"alert(1)\">x</b>", "<b x-data @mouseenter=\"alert(1)\" :x=\"alert(1)\">x</b>",
    "<b x-data=\"{a: alert(1)}\" x-html=\"alert(1)\">x</b>", "{{constructor.constructor('alert(1)')()}}", "<b onclick=alert(1)", "<img src=x onerror=alert(1) ",
    "<div onmouseover='alert(1)'", "<a href='javascript:alert(1)", "<iframe src=javascript:alert(1) <", "<dialog open oncancel=alert(1)>x", "<b popover id=x onbeforetoggle=alert(1)>x",
    "<b data-confirm=\"<img src=x onerror=alert(1)>\" data-open=\"confirm\">x</b>", "<script nonce>alert(1)</script>", "<script type=speculationrules>alert(1)</script>",
    "<script type=importmap>{\"alert(1)\":1}</script>", "<portal src='javascript:alert(1)'>", "<input type=hidden oncontentvisibilityautostatechange=alert(1) style=content-visibility:auto>",
]))  # fmt: skip
