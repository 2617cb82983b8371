"""A company's name as it is compared: without its legal form; none where it names no company."""

import re
from functools import lru_cache

from cleanco import prepare_default_terms  # type: ignore[import-untyped]

from leadops.normalization.blank_values import is_blank
from leadops.normalization.clean_text import fold_text

#: What people write who have no company, or do not want to name it; compared without case, width and blanks.
NO_COMPANY = frozenset(
    {
        *(
            "個人",
            "個人事業",
            "個人事業主",
            "個人利用",
            "個人様",
            "個人のため",
            "一般",
            "自営",
            "自営業",
            "自由業",
        ),
        *(
            "フリー",
            "フリーランス",
            "フリーランサー",
            "無職",
            "主婦",
            "主夫",
            "学生",
            "大学生",
            "会社員",
            "在宅",
        ),
        *(
            "会社名",
            "所属なし",
            "なし(個人)",
            "無所属",
            "非公開",
            "秘密",
            "テスト",
            "会社",
            "弊社",
            "自社",
            "社名",
        ),
        *("na", "no", "nocompany", "nocompanyname", "nothing", "noname", "notapplicable", "tbd", "asdf"),
        *("freelance", "freelancer", "freelancing", "selfemployed", "selfemployment", "self", "myself", "me"),
        *("individual", "personal", "personaluse", "private", "privateperson", "independent", "privat"),
        *(
            "soleproprietor",
            "soletrader",
            "retired",
            "student",
            "unemployed",
            "homemaker",
            "jobseeker",
            "home",
        ),
        *("company", "companyname", "mycompany", "test", "testcompany", "example", "demo", "dummy", "sample"),
        *(
            "confidential",
            "stealth",
            "stealthmode",
            "stealthstartup",
            "startup",
            "selbständig",
            "freiberufler",
        ),
        *("freiberuflich", "개인", "프리랜서", "학생", "个人", "個人戶", "自由职业", "自由職業"),
    }
)

# Japanese, Chinese and Korean forms stand before or after the name, without a blank.
# After NFKC, ㈱ is (株) and ㍿ is 株式会社.
_EASTERN = "|".join(
    sorted(
        [
            *("株式会社", "有限会社", "合同会社", "合資会社", "合名会社", "相互会社", "特定目的会社"),
            *("一般社団法人", "公益社団法人", "社団法人", "一般財団法人", "公益財団法人", "財団法人"),
            *(
                "特定非営利活動法人",
                "npo法人",
                "医療法人社団",
                "医療法人財団",
                "医療法人",
                "学校法人",
                "宗教法人",
            ),
            *(
                "社会福祉法人",
                "独立行政法人",
                "地方独立行政法人",
                "国立大学法人",
                "公立大学法人",
                "弁護士法人",
            ),
            *("税理士法人", "監査法人", "司法書士法人", "社会保険労務士法人", "行政書士法人", "協同組合"),
            *("股份有限公司", "有限责任公司", "有限責任公司", "有限公司", "주식회사", "유한회사"),
            *(rf"\({mark}\)" for mark in "株有同資名社財医学福宗独特주유"),
            # One bracket is lost, as an address label or a short column loses it.
            *(rf"{mark}\)" for mark in "株有同"),
            *(rf"\({mark}" for mark in "株有同"),
            *(r"カ\)", r"\(カ\)", r"\(カ", r"ユ\)", r"\(ユ\)", r"\(ユ", r"ド\)", r"\(ド\)", r"\(ド"),
        ],
        key=len,
        reverse=True,
    )
)
_BEFORE = re.compile(rf"^(?:{_EASTERN})\s*")
_AFTER = re.compile(rf"\s*(?:{_EASTERN})$")
#: In Japanese and Chinese a blank inside a name is a matter of taste.
_EASTERN_BLANK = re.compile(
    r"(?<=[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]) | (?=[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])"
)
#: Western forms are words after the name: those of the package cleanco, and Japanese ones in Latin letters.
_WESTERN = frozenset(tuple(words) for _, words in prepare_default_terms()) | {
    *(("kabushiki", "kaisha"), ("kabushiki", "gaisha"), ("kabushikikaisha",), ("kabushikigaisha",)),
    *(("godo", "kaisha"), ("godo", "gaisha"), ("yugen", "kaisha"), ("yugen", "gaisha"), ("yk",)),
}
_LONGEST_FORM = max(map(len, _WESTERN))
_ROMAN_BEFORE = ("kabushiki kaisha ", "kabushiki gaisha ", "godo kaisha ", "yugen kaisha ")


@lru_cache(maxsize=100_000)
def make_company_key(name: str) -> str | None:
    """Return the name by which companies are compared; None where `name` names none (N/A, 個人, freelance).

    株式会社X, ㈱X, （株）X, X K.K. and "X Inc." have the key x. A legal form alone names no company.
    """
    text = fold_text(name)
    if is_blank(text) or _is_nobodys(text):
        return None
    bare = _strip_eastern(text)
    words = [word for word in (part.replace(".", "") for part in bare.replace(",", " ").split()) if word]
    while length := _form_length(words):
        del words[-length:]
    key = _EASTERN_BLANK.sub("", _strip_eastern(" ".join(words)))
    return None if key in ("", "the") else key


def _is_nobodys(text: str) -> bool:
    return re.sub(r"[\s\-_.]", "", text) in NO_COMPANY


def _strip_eastern(text: str) -> str:
    """Return `text` without the legal forms at its ends."""
    for roman in _ROMAN_BEFORE:
        text = text.removeprefix(roman)
    while not text.isascii():
        bare = _AFTER.sub("", _BEFORE.sub("", text)).strip()
        if bare == text:
            break
        text = bare
    return text


def _form_length(words: list[str]) -> int:
    """Return how many of the last words are a legal form."""
    for length in range(min(_LONGEST_FORM, len(words)), 0, -1):
        if tuple(words[-length:]) in _WESTERN:
            return length
    return 0
