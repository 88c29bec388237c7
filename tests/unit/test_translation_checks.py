"""What a model says is only taken for a translation if it is one."""

from __future__ import annotations

import pytest

from hinterland.plugins.languages import find
from hinterland.plugins.translation.segments import (
    Segment,
    Style,
    Trouble,
    Unfit,
    doses,
    mask,
    negation_differs,
    negations,
    read_answer,
)

LONG = (
    "The nurse washes her hands before she gives the child the medicine and after she has given it."
)


def read(text: str, answer: str, codes: str = "en>fr", *, was_cut: bool = False) -> str:
    """Read an answer to a text without mark-up."""
    source, target = map(find, codes.split(">"))
    masked = mask(Segment((text,)), Style.KNOWN)
    (part,) = read_answer(masked, answer, source, target, was_cut=was_cut)
    assert isinstance(part, str)
    return part


def trouble(text: str, answer: str, codes: str = "en>fr", *, was_cut: bool = False) -> Trouble:
    """Return why an answer is refused."""
    with pytest.raises(Unfit) as caught:
        read(text, answer, codes, was_cut=was_cut)
    assert caught.value.sentence.endswith(".")
    return caught.value.kind


@pytest.mark.parametrize(
    "answer",
    [
        "Ouvrez la porte.",
        "  Ouvrez la porte.\n",
        "Here is the translation:\n\nOuvrez la porte.",
        'Here\'s the French translation: "Ouvrez la porte."',
        "Sure! The translation is: Ouvrez la porte.",
        "Sure!\nOuvrez la porte.",
        "Translation: Ouvrez la porte.",
        "Voici la traduction :\n\nOuvrez la porte.",
        "```\nOuvrez la porte.\n```",
        "```text\nOuvrez la porte.\n```",
        "«Ouvrez la porte.»",
        "“Ouvrez la porte.”",
        "<think>\nThe user wants French.\n</think>\n\nOuvrez la porte.",
        "Ouvrez la porte.\n\n(Note: this is the polite form.)",
        "Ouvrez la porte.\n\nNote: “porte” can also mean gate.",
        "Open the door.\nOuvrez la porte.",
        "**Ouvrez la porte.**",
        "Ouvrez la porte.<|im_end|>",
        "Ouvrez\nla porte.",
    ],
)
def test_what_stands_around_a_translation_is_taken_away(answer: str) -> None:
    assert read("Open the door.", answer) == "Ouvrez la porte."


def test_what_belongs_to_the_source_stays() -> None:
    said = "Here is what you need: three tablets."
    assert read("Voici ce qu'il vous faut, trois comprimés.", said, "fr>en") == said
    said = "Wash your hands.\nIf you are ill, stay at home."
    assert trouble("Lavez-vous les mains et restez chez vous.", said, "fr>en") == "chatter"
    assert read("“Open it.”", "« Ouvrez-le. »") == "« Ouvrez-le. »"
    assert read("Note: open it.", "Remarque : ouvrez-le.") == "Remarque : ouvrez-le."
    assert read("Translation: none", "Traduction : aucune") == "Traduction : aucune"
    assert read("Here is the list:", "Voici la liste :") == "Voici la liste :"
    assert read("'Yes' or 'no'?", "'Oui' ou 'non' ?") == "'Oui' ou 'non' ?"


@pytest.mark.parametrize(
    ("text", "answer", "codes", "kind"),
    [
        (LONG, "", "en>fr", "empty"),
        (LONG, "<think>Hm.</think>", "en>fr", "empty"),
        (LONG, "```\n```", "en>fr", "empty"),
        (LONG, "I'm sorry, but I cannot translate this text.", "en>fr", "chatter"),
        (LONG, "As an AI language model, I only know English.", "en>fr", "chatter"),
        (LONG, "抱歉，我无法翻译这段文字。", "en>zh", "chatter"),
        ("Open the door.", "Ouvrez la porte.\nOuvre la porte.\nOuvrir la porte.", "en>fr", "chatter"),
        (LONG, "L'infirmière se lave les mains " + "avant de " * 40, "en>fr", "loop"),
        (LONG, "护士洗手" + "然后洗手" * 30, "en>zh", "loop"),
        (LONG, "哈" * 60, "en>zh", "loop"),
        (LONG, "L'infirmière se lave les mains." * 6, "en>fr", "loop"),
        (LONG, "L'infirmière.", "en>fr", "length"),
        (LONG, "洗手", "en>zh", "length"),
        ("Open the door.", " ".join(f"mot{chr(97 + at)}" for at in range(26)), "en>fr", "length"),
        ("Wash your hands well.", "洗净您的双手。", "en>fr", "script"),
        ("Wash your hands well.", "Lavez-vous bien les 手.", "en>fr", "script"),
        ("Wash your hands well.", "Lavez-vous les рукаве.", "en>fr", "script"),
        ("Wash your hands well.", "Lavez-vous bien les mains.", "en>zh", "script"),
        ("Wash your hands well.", "Lavez-vous bien les mains.", "en>ar", "script"),
        ("Wash your hands well.", "手を洗ってください。", "en>ko", "script"),
        ("请洗净您的双手。", "Please wash 您的双手.", "zh>en", "script"),
        (LONG, "護士在給孩子藥物之前和之後都要洗手，這是醫院的規定。", "en>zh", "script"),
        (LONG, "护士在给孩子药物之前和之后都要洗手，这是医院的规定。", "en>zh-Hant", "script"),
        (LONG, LONG, "en>fr", "unchanged"),
        ("Save the file.", "save the file", "en>fr", "unchanged"),
        ("Cancel", "Cancel", "en>zh", "unchanged"),
        ("请洗净您的双手，然后坐下。", "请洗净您的双手，然后坐下。", "zh>ja", "script"),
        (LONG, "La enfermera se lava las manos antes de dar la medicina al niño y después.", "en>fr", "language"),
        (LONG, LONG.replace("nurse", "doctor").replace("child", "girl"), "en>fr", "unchanged"),
        (LONG, "پرستار قبل و بعد از دادن دارو به کودک دست‌های خود را می‌شوید.", "en>he", "script"),
        (LONG, "The doctor must wash both hands when a patient arrives and when he leaves.", "en>fr", "language"),
        (LONG, "L'infirmière ne se lave pas les mains avant de donner le médicament.", "en>fr", "negation"),
        ("Do not give it to babies.", "给婴儿服用。", "en>zh", "negation"),
        (LONG, "L'infirmière se lave les mains avant de donner", "en>fr", "cut"),
    ],
)  # fmt: skip
def test_what_is_no_translation_is_refused(text: str, answer: str, codes: str, kind: str) -> None:
    assert trouble(text, answer, codes, was_cut=kind == "cut") == kind


@pytest.mark.parametrize(
    ("text", "answer", "codes"),
    [
        (LONG, "L'infirmière se lave les mains avant et après avoir donné le médicament à l'enfant.", "en>fr"),
        (LONG, "护士在给孩子药物之前和之后都要洗手。", "en>zh"),
        (LONG, "護士在給孩子藥物之前和之後都要洗手，這是醫院的規定。", "en>zh-Hant"),
        (LONG, "Muuguzi huosha mikono yake kabla ya kumpa mtoto dawa na baada ya kumpa.", "en>sw"),
        (LONG, "تغسل الممرضة يديها قبل إعطاء الدواء للطفل وبعده.", "en>ar"),
        (LONG, "האחות רוחצת את ידיה לפני שהיא נותנת לילד את התרופה ואחרי.", "en>he"),
        (LONG, "พยาบาลล้างมือก่อนและหลังให้ยาแก่เด็ก", "en>th"),
        (LONG, "看護師は子供に薬を与える前と後に手を洗います。", "en>ja"),
        (LONG, "Fajjitoon nafi jàngoro ji, fajkat bi dafay raxasu loxoom balaa muy jox xale bi garab gi.", "en>wo"),
        ("Install Firefox with APT.", "使用 APT 安装 Firefox。", "en>zh"),
        ("Menu", "Menu", "en>fr"),
        ("GNOME", "GNOME", "en>zh"),
        ("Debian GNU/Linux", "Debian GNU/Linux", "en>fr"),
        ("OK", "OK", "en>fr"),
        ("Hello!", "Saluuuut !", "en>fr"),
        ("Ha ha ha ha ha ha ha!", "Ha ha ha ha ha ha ha !", "en>de"),
        ("The angle α is large.", "L'angle α est grand.", "en>fr"),
        ("The resistance grows.", "La résistance en Ω augmente.", "en>fr"),
    ],
)  # fmt: skip
def test_a_translation_is_taken(text: str, answer: str, codes: str) -> None:
    assert read(text, answer, codes) == answer


@pytest.mark.parametrize(
    ("text", "answer", "codes"),
    [
        ("About 1,000 people came.", "Environ 1.000 personnes sont venues.", "en>fr"),
        ("About 1,000 people came.", "Environ 1 000 personnes sont venues.", "en>fr"),
        ("About 1,000 people came.", "Environ 1\u202f000 personnes sont venues.", "en>fr"),
        ("It takes 1.5 days.", "Cela prend 1,5 jour.", "en>fr"),
        ("Wait for 12 days.", "انتظر ١٢ يوما.", "en>ar"),
        ("Take 2 tablets.", "Prenez deux comprimés.", "en>fr"),
        ("Take two tablets.", "Prenez 2 comprimés.", "en>fr"),
        ("Take 2 tablets.", "服用两片药。", "en>zh"),
        ("Come on 2 May 2024.", "请于2024年5月2日来。", "en>zh"),
        ("About 3 million people.", "大约300万人。", "en>zh"),
        ("About 3 million people.", "Takriban watu milioni 3.", "en>sw"),
        ("Add ½ spoon.", "Ajoutez 0,5 cuillère.", "en>fr"),
        ("About 3 million people.", "Etwa 3 Mio. Menschen.", "en>de"),
        ("It costs 5 cents a day.", "Cela coûte 5 cents par jour.", "en>fr"),
        ("It is -5 outside.", "Il fait moins 5 dehors.", "en>fr"),
        ("It is -5 outside.", "الجو 5- في الخارج.", "en>ar"),
        ("See pages 5-10 there.", "Voir là les pages 5 à 10.", "en>fr"),
    ],
)
def test_numbers_may_be_written_otherwise(text: str, answer: str, codes: str) -> None:
    assert read(text, answer, codes) == answer


@pytest.mark.parametrize(
    ("text", "answer", "codes"),
    [
        ("It takes 1.5 days.", "Cela prend 15 jours.", "en>fr"),
        ("It takes 1.500 days.", "Cela prend 1500 jours.", "en>fr"),
        ("Wait 12 days.", "Attendez 21 jours.", "en>fr"),
        ("Wait 12 days.", "انتظر ١٣ يوما.", "en>ar"),
        ("About 3 million people.", "大约3万人。", "en>zh"),
        ("Take 2 tablets.", "Prenez trois comprimés.", "en>fr"),
        ("Take a tablet and 1 spoon.", "Prenez un comprimé et la cuillère.", "en>fr"),
        ("You may take tablets.", "Vous pouvez prendre 5 comprimés.", "en>fr"),
        ("Wait 12 or 15 days.", "Attendez 12 jours.", "en>fr"),
        ("Wait 12 days.", "Attendez 12 ou 12 jours.", "en>fr"),
        ("About 3 million people.", "Environ 3 personnes.", "en>fr"),
        ("About 3 million people.", "Environ 3 milliards de personnes.", "en>fr"),
        ("About 3 people.", "Environ 3 millions de personnes.", "en>fr"),
        ("The balance is -500 now.", "Le solde est de 500 maintenant.", "en>fr"),
        ("The balance is 500 now.", "Le solde est de -500 maintenant.", "en>fr"),
    ],
)
def test_a_number_that_changed_is_refused(text: str, answer: str, codes: str) -> None:
    assert trouble(text, answer, codes) is Trouble.NUMBER


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Take 1 tablet of 5 mg now.", "Prenez un comprimé de 1<x1/> maintenant."),
        ("Wait 10 minutes, then take 5 mg.", "Attendez puis prenez 10.<x1/>."),
        ("Give 5 mg now.", "Donnez -<x1/> maintenant."),
        ("From 1.2.3 to 4.5.6 in an hour.", "De <x1/><x2/> en une heure."),
        ("Hello {name}, come in.", "Bonjour {<x1/>}, entrez."),
        ("Hello {name}, come in.", "Bonjour $<x1/>, entrez."),
        ("Copy %s to the disk.", "Copiez %<x1/> sur le disque."),
    ],
)
def test_nothing_touches_a_mark_and_makes_another_of_it(text: str, answer: str) -> None:
    masked = mask(Segment((text,)), Style.TAGS)
    with pytest.raises(Unfit) as caught:
        read_answer(masked, answer, find("en"), find("fr"), was_cut=False)
    assert caught.value.kind is Trouble.MARK


def test_what_touched_a_mark_in_the_source_may_touch_it_in_the_translation() -> None:
    masked = mask(Segment(("Show {a} here: 3,{b} and 7 times.",)), Style.TAGS)
    said = f"Montrez <x1/> ici : 3,{masked.marks[1].token} et 7 fois."
    assert read_answer(masked, said, find("en"), find("fr"), was_cut=False)


def test_lenient_leaves_out_what_an_echo_cannot_do_and_no_more() -> None:
    english = find("en")
    masked = mask(Segment(("Wait 12 days for it.",)), Style.TAGS)
    for target in (english, find("fr"), find("zh")):
        said = read_answer(masked, masked.text, english, target, was_cut=False, lenient=True)
        assert said == masked.segment.parts
        for wrong in (
            "",
            "Wait 13 days for it.",
            "Wait <x1/> 12 days for it.",
            "wait " * 60 + "12",
        ):
            with pytest.raises(Unfit):
                read_answer(masked, wrong, english, target, was_cut=False, lenient=True)
        with pytest.raises(Unfit):
            read_answer(masked, masked.text, english, target, was_cut=True, lenient=True)


@pytest.mark.parametrize(
    ("text", "translated", "codes", "differs"),
    [
        ("Do not give aspirin.", "Ne donnez pas d'aspirine.", "en>fr", False),
        ("Do not give aspirin.", "Donnez de l'aspirine.", "en>fr", True),
        ("Give aspirin.", "Ne donnez pas d'aspirine.", "en>fr", True),
        ("Don't give aspirin.", "不要给阿司匹林。", "en>zh", False),
        ("Never give aspirin.", "给阿司匹林。", "en>zh", True),
        ("Unable to open the file.", "无法打开文件。", "en>zh", False),
        ("Do not give it.", "Usimpe.", "en>sw", False),
        ("Do not give it.", "Mpe.", "en>sw", True),
        ("Do not give it.", "Kada ku ba shi.", "en>ha", False),
        ("Not only water.", "De l'eau.", "en>fr", False),
        ("Do not give it.", "Daragu ko jox.", "en>wo", False),
    ],
)
def test_a_denial_that_is_lost_is_seen(
    text: str, translated: str, codes: str, *, differs: bool
) -> None:
    source, target = map(find, codes.split(">"))
    assert negation_differs(text, translated, (source, target)) is differs


def test_denials_and_doses_are_named() -> None:
    assert negations("Do not open, never!", find("en")) == ("not", "never")
    assert negations("Bul ko ubbi.", find("wo")) is None
    said = "Give 0.50 mg or 5–10 mL; ٢٥٠ مل، then 1,500 mg at 38.5°C every 6 h, 3 tablets."
    assert doses(said, find("en")) == (
        "0.5 mg", "10 mL", "1500 mg", "250 mL", "38.5 °C", "5 mL", "6 h",
    )  # fmt: skip
    assert doses("Donnez 0,5 mg toutes les 6 h", find("fr")) == ("0.5 mg", "6 h")
    assert doses("每6小时0.5毫克", find("zh")) == ("0.5 mg", "6 h")
